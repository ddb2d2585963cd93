"""Refresh a materialized view: CONCURRENTLY, beside its readers, for which it needs a unique index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import RefreshMaterializedView

OPERATIONS = ("refresh_materialized_view",)


def recipe(operation: RefreshMaterializedView, ground: Ground) -> Phased:
    assert operation.relation is not None
    view = ground.furniture.catalog.resolve(operation.relation)
    if not operation.with_data:
        raise ground.refusal(
            f"WITH NO DATA takes the rows of {view} away: every query of it fails until the next REFRESH",
            "leave it out, or DROP MATERIALIZED VIEW, which waits for contract",
        )
    if not (operation.concurrently or _tells_rows_apart(view, ground)):
        raise ground.refusal(
            f"nothing says that {view} has a unique index, and without one there is no REFRESH beside its readers",
            f"in a change before: CREATE UNIQUE INDEX CONCURRENTLY ... ON {ground.spelled(view)} (...)",
        )
    return Phased(
        notes=(f"{view.name} is computed anew; the rows that it had before are not brought back by a revert.",),
        filled=(
            Said(
                "CONCURRENTLY: it is read meanwhile.", f"REFRESH MATERIALIZED VIEW CONCURRENTLY {ground.spelled(view)}"
            ),
        ),
    )


def _tells_rows_apart(view: Name, ground: Ground) -> bool:
    """An index over plain columns, of all rows: what CONCURRENTLY asks for."""
    own = (index for index in ground.furniture.catalog.indexes.values() if index.table == view)
    return any(each.unique and all(each.columns) and not (each.partial or each.mentioned) for each in own)
