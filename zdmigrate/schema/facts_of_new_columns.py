"""The facts of ADD COLUMN: what fills the rows, and what its inline constraints are as statements of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.constraints import constraint_name, object_name
from zdmigrate.schema.filling import base_type, fills_by_sequence, fills_rows, gets_value, is_required
from zdmigrate.schema.history_of_tables import SERIAL
from zdmigrate.schema.spelling import spelled, spelled_list, spelled_name
from zdmigrate.schema.volatility import is_volatile

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.relations import Table


def add_column(operation: ops.AddColumn, at: Situation) -> Facts:
    column = operation.column
    relation = at.name(operation)
    return {
        "column": spelled(column.name),
        **_names_apart(column, at.catalog.table_or_new(operation.relation or relation), at),
        "columns": spelled(column.name),
        "references": _references(column),
        "target": _target(column),
        "plain_type": _plain_type(column, at),
        "value": _value(column, relation),
        "type": collated(column.type, column.collation),
        "expression": _check_or_default(column),
        "not_null": column.not_null or any(kept.type in ("not_null", "primary_key") for kept in column.constraints),
        "has_default": gets_value(column),
        "volatile_default": column.default is not None and is_volatile(column.default, at.catalog),
        "identity": column.identity is not None or fills_rows(column, at.catalog) == "sequence",
        "generated": column.generated or "",
        "column_is_new": (relation, column.name) in at.state.columns,
    }


# What rules ask of every new column; the others are words for messages.
FOUND_ALONE: dict[str, Callable[[ops.AddColumn, Situation], str | bool]] = {
    "inline": lambda operation, _at: ", ".join(constraint.type for constraint in operation.column.constraints),
    "required": lambda operation, _at: is_required(operation.column),
    "fills": lambda operation, at: fills_rows(operation.column, at.catalog),
}


def _names_apart(column: ops.Column, table: Table, at: Situation) -> Facts:
    """The names of the constraints that are written on a column, as the server will choose them: the first of a kind.

    Several CHECKs are told as one, so that one name is enough for them.
    """
    names: Facts = {}
    for constraint in column.constraints:
        if (fact := _NAMES_OF_CONSTRAINTS.get(constraint.type)) and fact not in names:
            name = spelled(constraint_name(constraint.changed(columns=(column.name,)), table, at.catalog))
            names = {"name": name, **names, fact: name}
    return names


_NAMES_OF_CONSTRAINTS = {
    "check": "check_name",
    "unique": "unique_name",
    "primary_key": "primary_key_name",
    "foreign_key": "foreign_key_name",
}


def _references(column: ops.Column) -> str:
    return next((spelled_name(kept.references) for kept in column.constraints if kept.references is not None), "")


def _target(column: ops.Column) -> str:
    return next((pointed_at(kept) for kept in column.constraints if kept.references is not None), "")


def pointed_at(constraint: ops.Constraint) -> str:
    """``users (id)``, or ``users`` where its primary key is meant."""
    if constraint.references is None:
        return ""
    columns = spelled_list(constraint.referenced_columns)
    return spelled_name(constraint.references) + (f" ({columns})" if columns else "")


def _plain_type(column: ops.Column, at: Situation) -> str:
    if fills_by_sequence(column.type):
        return SERIAL[column.type.name]
    return collated(base_type(column.type, at.catalog), column.collation)


def _value(column: ops.Column, table: Name) -> str:
    if column.identity is not None or fills_by_sequence(column.type):
        return f"nextval('{spelled(object_name(table.name, column.name, 'seq'))}')"
    expression = column.default or column.generation
    return "NULL" if expression is None else expression.sql


def _check_or_default(column: ops.Column) -> str:
    checks = [kept.expression.sql for kept in column.constraints if kept.expression is not None]
    if len(checks) > 1:
        return " AND ".join(f"({check})" for check in checks)
    return checks[0] if checks else "" if column.default is None else column.default.sql


def collated(type_name: ops.TypeName, collation: Name | None) -> str:
    """The type as written, with its COLLATE."""
    written = type_name.sql or type_name.name
    return written if collation is None else f"{written} COLLATE {spelled_name(collation)}"
