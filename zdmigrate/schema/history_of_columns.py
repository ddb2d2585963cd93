"""How the catalog records what ALTER TABLE does to columns and constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import dependents
from zdmigrate.schema import history_of_tables as tables
from zdmigrate.schema.constraints import with_constraints, with_not_null, without_constraints
from zdmigrate.schema.history_of_tables import with_column
from zdmigrate.schema.layers import also, without
from zdmigrate.schema.names import Name
from zdmigrate.schema.relations import TableConstraint

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog


def _tree(operation: ops.AlterTable, catalog: Catalog) -> tuple[Name, ...]:
    """The table that ALTER TABLE names and, without ONLY, all below it."""
    table = catalog.resolve(operation.relation or Name(None, ""))
    return (table,) if operation.only else (table, *dict.fromkeys(catalog.descendants(table)))


def _add_column(operation: ops.AddColumn, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        table = catalog.table_or_new(name)
        if operation.column.name not in table.columns:
            catalog = with_column(catalog, table, operation.column)
    return catalog


def _drop_column(operation: ops.DropColumn, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        if operation.cascade and _is_key(catalog, name, operation.column):
            catalog = tables.without_references_to(catalog, name)
        catalog = tables.without_column(catalog, catalog.table_or_new(name), operation.column)
    return catalog


def _is_key(catalog: Catalog, table: Name, column: str) -> bool:
    return any(index.unique and column in index.columns for index in catalog.indexes_of(table))


def _rename_column(operation: ops.RenameColumn, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        catalog = tables.with_column_renamed(catalog, catalog.table_or_new(name), operation.column, operation.new_name)
        catalog = dependents.with_column_renamed(catalog, name, operation.column, operation.new_name)
    return catalog


def _column_changed(operation: ops.ColumnAction, catalog: Catalog, **values: Any) -> Catalog:
    for name in _tree(operation, catalog):
        table = catalog.table_or_new(name)
        column = table.columns.get(operation.column) or tables.unknown_column(operation.column)
        columns = also(table.columns, {operation.column: column.changed(**values)})
        catalog = catalog.with_table(table.changed(columns=columns))
    return catalog


def _set_not_null(operation: ops.SetNotNull, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, not_null=True)


def _drop_not_null(operation: ops.DropNotNull, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, not_null=False)


def _set_default(operation: ops.SetDefault, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, default=operation.default)


def _drop_default(operation: ops.DropDefault, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, default=None)


def _alter_column_type(operation: ops.AlterColumnType, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, type=operation.type, collation=operation.collation)


def _add_identity(operation: ops.AddIdentity, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, identity="always")


def _drop_identity(operation: ops.DropIdentity, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, identity=None)


def _drop_expression(operation: ops.DropExpression, catalog: Catalog) -> Catalog:
    return _column_changed(operation, catalog, generated=None, generation=None)


# --------------------------------------------------------------------------- constraints


def _add_constraint(operation: ops.AddConstraint, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        catalog = with_constraints(catalog, catalog.table_or_new(name), ((operation.constraint, None),))
    return catalog


def _validate_constraint(operation: ops.ValidateConstraint, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        table = catalog.table_or_new(name)
        constraint = table.constraints.get(operation.name, TableConstraint(name=operation.name))
        constraints = also(table.constraints, {operation.name: constraint.changed(validated=True)})
        table = table.changed(constraints=constraints)
        if constraint.type == "not_null":
            table = with_not_null(table, constraint.columns)
        catalog = catalog.with_table(table)
    return catalog


def _drop_constraint(operation: ops.DropConstraint, catalog: Catalog) -> Catalog:
    for name in _tree(operation, catalog):
        table = catalog.table_or_new(name)
        dropped = table.constraints.get(operation.name)
        if dropped is not None and dropped.type == "not_null":
            table = with_not_null(table, dropped.columns, not_null=False)
        catalog = without_constraints(catalog, table, {operation.name})
        if operation.cascade:
            catalog = tables.without_references_to(catalog, name)
    return catalog


def _rename_constraint(operation: ops.RenameConstraint, catalog: Catalog) -> Catalog:
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    constraint = table.constraints.get(operation.name)
    if constraint is None:
        return catalog
    rest = without(table.constraints, {operation.name})
    renamed = constraint.changed(name=operation.new_name)
    if constraint.index is not None:
        catalog = tables.with_index_renamed(catalog, constraint.index, operation.new_name)
        renamed = renamed.changed(index=Name(constraint.index.schema, operation.new_name))
    table = catalog.table_or_new(table.name)
    return catalog.with_table(table.changed(constraints=also(rest, {operation.new_name: renamed})))


CHANGES: dict[str, Callable[[Any, Catalog], Catalog]] = {
    "add_column": _add_column,
    "drop_column": _drop_column,
    "rename_column": _rename_column,
    "set_not_null": _set_not_null,
    "drop_not_null": _drop_not_null,
    "set_default": _set_default,
    "drop_default": _drop_default,
    "alter_column_type": _alter_column_type,
    "add_identity": _add_identity,
    "drop_identity": _drop_identity,
    "drop_expression": _drop_expression,
    "add_check": _add_constraint,
    "add_not_null": _add_constraint,
    "add_unique": _add_constraint,
    "add_primary_key": _add_constraint,
    "add_foreign_key": _add_constraint,
    "add_exclusion": _add_constraint,
    "validate_constraint": _validate_constraint,
    "drop_constraint": _drop_constraint,
    "rename_constraint": _rename_constraint,
}
