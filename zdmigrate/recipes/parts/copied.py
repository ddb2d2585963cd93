"""The column that a copy goes into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.domains import refuse_constrained
from zdmigrate.schema.spelling import spelled, spelled_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName
    from zdmigrate.schema.relations import Table, TableColumn

_SERIALS = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


def is_serial(column: TableColumn) -> bool:
    return column.type is not None and column.type.sql.lower() in _SERIALS


def type_sql(kind: TypeName) -> str:
    """The type as SQL; serial is an integer with a default."""
    return _SERIALS.get(kind.sql.lower(), kind.sql)


def told_of_null(old: TableColumn, new: str) -> tuple[str, ...]:
    """A note on what the trigger cannot tell apart: a NULL that is inserted, and a column that is left out."""
    if old.default is None or old.not_null or is_serial(old):
        return ()
    said = f"Until contract, NULL that the new version inserts as {new} becomes {old.default.sql}, the default of"
    return (f"{said} {old.name}: a trigger cannot tell it from none. An UPDATE to NULL stays NULL.",)


def added(
    table: Table,
    old: TableColumn,
    new: str,
    ground: Ground,
    of_type: TypeName | None = None,
    collation: Name | None = None,
) -> str:
    """ADD COLUMN under the new name; raises CannotRewrite where that is taken."""
    if new in table.columns:
        raise ground.refusal(f"{table.name} has a column {new} already")
    kind = of_type or old.type
    assert kind is not None
    refuse_constrained(kind, f"{table.name.name}.{new}", ground)
    ordered = old.collation if of_type is None else collation
    sql = type_sql(kind)
    said = f" COLLATE {spelled_name(ordered)}" if ordered else ""
    return f"ALTER TABLE {ground.spelled(table.name)} ADD COLUMN {spelled(new)} {sql}{said}"
