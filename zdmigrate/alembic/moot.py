"""Whether a schema is already as a statement would make it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.names import Name
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.relations import Table


def is_moot(sql: str, catalog: Catalog) -> bool:
    """Whether nothing of it is left to do in a schema that is known; False for what nobody here can tell."""
    operations = [each for statement in read_script(sql).statements for each in statement.operations]
    return bool(operations) and all(_is_done(each, catalog) for each in operations)


def _is_done(operation: Any, catalog: Catalog) -> bool:
    relation = operation.relation
    if operation.kind == "drop_index":
        return catalog.resolve(relation) not in catalog.indexes
    table = catalog.table(relation)
    if operation.kind == "create_index":
        home = table.name.schema if table else None
        return Name(home, operation.name) in catalog.indexes
    if operation.kind == "drop_table":
        return table is None
    if operation.kind == "create_table":
        return table is not None
    return table is not None and _TELL.get(operation.kind, _unknown)(operation, table)


def _unknown(_: Any, __: Table) -> bool:
    return False


def _added(operation: Any, table: Table) -> bool:
    return operation.constraint.name in table.constraints


def _column(operation: Any, table: Table) -> Any:
    return table.columns.get(operation.column)


_TELL: dict[str, Any] = {
    "add_column": lambda each, table: each.column.name in table.columns,
    "drop_column": lambda each, table: each.column not in table.columns,
    "set_not_null": lambda each, table: (known := _column(each, table)) is not None and known.not_null,
    "drop_not_null": lambda each, table: (known := _column(each, table)) is not None and not known.not_null,
    "drop_default": lambda each, table: (known := _column(each, table)) is not None and known.default is None,
    "drop_constraint": lambda each, table: each.name not in table.constraints,
    "add_unique": _added,
    "add_foreign_key": _added,
    "add_check": _added,
    "add_primary_key": _added,
}
