"""Whether a column has a value, as SQL says it: of a composite, IS NOT NULL asks every field, and NOT NULL none.

``IS DISTINCT FROM NULL`` is for composites what ``IS NOT NULL`` is for all others, and what PostgreSQL takes as the
proof for SET NOT NULL (measured on 14 to 18; ``num_nonnulls(x) = 1`` is right as well, and proves nothing to it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.filling import may_be_composite

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import TypeName


def is_there(column: str, kind: TypeName | None, ground: Ground) -> str:
    """The condition that a column, spelled as SQL, has a value."""
    composite = may_be_composite(kind, ground.furniture.catalog)
    return f"{column} IS DISTINCT FROM NULL" if composite else f"{column} IS NOT NULL"


def is_missing(column: str, kind: TypeName | None, ground: Ground) -> str:
    """The condition that it has none."""
    composite = may_be_composite(kind, ground.furniture.catalog)
    return f"{column} IS NOT DISTINCT FROM NULL" if composite else f"{column} IS NULL"
