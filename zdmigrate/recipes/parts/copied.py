"""The column that a copy goes into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.spelling import spelled, spelled_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import TypeName
    from zdmigrate.schema.relations import Table, TableColumn

_SERIALS = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


def added(table: Table, old: TableColumn, new: str, ground: Ground, of_type: TypeName | None = None) -> str:
    """ADD COLUMN under the new name; raises CannotRewrite where that is taken."""
    if new in table.columns:
        raise ground.refusal(f"{table.name} has a column {new} already")
    kind = of_type or old.type
    assert kind is not None
    collation = f" COLLATE {spelled_name(old.collation)}" if old.collation and of_type is None else ""
    sql = _SERIALS.get(kind.sql.lower(), kind.sql)
    return f"ALTER TABLE {ground.spelled(table.name)} ADD COLUMN {spelled(new)} {sql}{collation}"
