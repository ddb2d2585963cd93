"""The facts of how new columns, keys and indexes are designed: what becomes an outage in years, and taste.

Each is a text that names the columns, between commas, so that one finding tells all of a CREATE TABLE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.duration import Duration
from zdmigrate.schema.filling import base_type, fills_by_sequence
from zdmigrate.schema.history_of_tables import SERIAL
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import CreateEnum
from zdmigrate.schema.spelling import short_name, spelled, spelled_list
from zdmigrate.schema.timeouts import LOCK, kind_of_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts
    from zdmigrate.schema.relations import Index

_WIDE = 3  # key columns of an index; more are rarely of use to any query
_SMALL = ("smallint", "integer")
_WIDTHS = {"smallint": 2, "integer": 4, "bigint": 8}
_TEXTS = ("text", "character varying")  # compared by the same operators


# --------------------------------------------------------------------------- columns


def _create_table(operation: ops.CreateTable, at: Situation) -> Facts:
    table = at.catalog.new_name(operation.relation or Name(None, ""))
    return {
        **_columns(operation.columns, operation.constraints),
        **_keys_of_table(operation, table, at),
        "unqualified": _is_unqualified(operation) and operation.persistence != "temporary",
        "cut_name_is_taken": bool(operation.truncated) and at.catalog.has(table),
    }


def _add_column(operation: ops.AddColumn, at: Situation) -> Facts:
    column = operation.column
    own = [kept.columns for kept in column.constraints if kept.type in ("unique", "primary_key")]
    made = _Made(at.name(operation), {column.name: column.type}, (), tuple(own))
    taken = at.catalog.column(operation.relation, column.name) is not None
    return {
        **_columns((column,), ()),
        **_keys(tuple(_foreign_keys((column,), ())), made, at),
        "cut_name_is_taken": bool(operation.truncated) and taken,
    }


def _alter_column_type(operation: ops.AlterColumnType, at: Situation) -> Facts:
    known = at.catalog.column(operation.relation, operation.column)
    if known is not None and known.type is not None and known.type.name == operation.type.name:
        return {}
    return {fact: spelled(operation.column) for fact, is_so in _OF_TYPES.items() if is_so(operation.type)}


def _columns(columns: Iterable[ops.Column], constraints: Iterable[ops.Constraint]) -> Facts:
    keys = {kept.columns for kept in constraints if kept.type == "primary_key"}
    found: dict[str, list[str]] = {}
    for column in columns:
        if column.type.name not in _TOLD_OF:
            continue
        for fact, is_so in _OF_TYPES.items():
            if is_so(column.type):
                found.setdefault(fact, []).append(spelled(column.name))
        if fills_by_sequence(column.type):
            found.setdefault("serial_columns", []).append(spelled(column.name))
        if _is_narrow_key(column, is_key=(column.name,) in keys):
            found.setdefault("narrow_keys", []).append(f"{spelled(column.name)} ({column.type.sql})")
    return {fact: ", ".join(names) for fact, names in found.items()}


_OF_TYPES: Mapping[str, Callable[[ops.TypeName], bool]] = {
    "zoneless_columns": lambda type_name: type_name.name == "timestamp without time zone",
    "json_columns": lambda type_name: type_name.name == "json" and type_name.schema is None,
    "limited_columns": lambda type_name: type_name.name == "character varying" and bool(type_name.modifiers),
    "padded_columns": lambda type_name: type_name.name == "character",
}


# The types that any of this is told of.
_TOLD_OF = frozenset((*SERIAL, *_SMALL, "timestamp without time zone", "json", "character varying", "character"))


def _is_narrow_key(column: ops.Column, *, is_key: bool) -> bool:
    """Whether it is numbered, or is the primary key, and ends too soon. A foreign key's type is another's matter."""
    kinds = {kept.type for kept in column.constraints}
    numbered = column.identity is not None or fills_by_sequence(column.type)
    small = SERIAL.get(column.type.name, column.type.name) in _SMALL and not column.type.array
    return small and (numbered or is_key or "primary_key" in kinds) and "foreign_key" not in kinds


# --------------------------------------------------------------------------- foreign keys


class _Made(NamedTuple):
    """What the operation itself says of the table that has the key."""

    table: Name
    types: Mapping[str, ops.TypeName]
    primary_key: tuple[str, ...]
    indexed: tuple[tuple[str, ...], ...]


def _add_foreign_key(operation: ops.AddForeignKey, at: Situation) -> Facts:
    table = at.catalog.table_or_new(operation.relation or Name(None, ""))
    known = {name: table.columns[name].type for name in operation.constraint.columns if name in table.columns}
    types = {name: type_name for name, type_name in known.items() if type_name is not None}
    made = _Made(table.name, types, (), ())
    facts = _keys((operation.constraint,), made, at)
    return facts if table.complete else {**facts, "unindexed_keys": ""}  # its indexes are not known


def _keys_of_table(operation: ops.CreateTable, table: Name, at: Situation) -> Facts:
    keys = tuple(_foreign_keys(operation.columns, operation.constraints))
    if not keys:
        return {}
    types = {column.name: column.type for column in operation.columns}
    return _keys(keys, _Made(table, types, _primary_key(operation), tuple(_indexed(operation))), at)


def _foreign_keys(columns: Iterable[ops.Column], constraints: Iterable[ops.Constraint]) -> Iterator[ops.Constraint]:
    for column in columns:
        for kept in column.constraints:
            if kept.type == "foreign_key":
                yield kept
    yield from (kept for kept in constraints if kept.type == "foreign_key")


def _primary_key(operation: ops.CreateTable) -> tuple[str, ...]:
    every = [*operation.constraints, *(kept for column in operation.columns for kept in column.constraints)]
    return next((kept.columns for kept in every if kept.type == "primary_key"), ())


def _indexed(operation: ops.CreateTable) -> Iterator[tuple[str, ...]]:
    for kept in (*operation.constraints, *(kept for column in operation.columns for kept in column.constraints)):
        if kept.type in ("unique", "primary_key", "exclude"):
            yield kept.columns


def _keys(keys: tuple[ops.Constraint, ...], made: _Made, at: Situation) -> Facts:
    if not keys:
        return {}
    unindexed = dict.fromkeys(spelled_list(key.columns) for key in keys if not _is_indexed(key.columns, made, at))
    table = short_name(made.table, at.catalog) if unindexed else ""
    missing = (f"CREATE INDEX CONCURRENTLY ON {table} ({columns});" for columns in unindexed)
    mismatched = dict.fromkeys(told for key in keys for told in _mismatched(key, made, at))
    return {
        "unindexed_keys": "; ".join(unindexed),
        "missing_indexes": "\n    ".join(missing),  # below a heading of the help, whose SQL is indented
        "mismatched_keys": ", ".join(mismatched),
    }


def _is_indexed(columns: tuple[str, ...], made: _Made, at: Situation) -> bool:
    """Whether an index begins with these columns, in any order: made here, before, or later in the change."""
    to_come = (key for table, key in at.state.terms.indexes_to_come if at.catalog.resolve(table) == made.table)
    if any(_begins_with(columns, key) for key in (*made.indexed, *to_come)):
        return True
    return any(
        _begins_with(columns, index.columns) and _serves(index, columns) for index in at.catalog.indexes_of(made.table)
    )


def _begins_with(columns: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return len(key) >= len(columns) and set(key[: len(columns)]) == set(columns)


def _serves(index: Index, columns: tuple[str, ...]) -> bool:
    """A partial index does where its WHERE is about these columns only, such as IS NOT NULL."""
    return not index.partial or set(index.mentioned) <= set(columns)


def _mismatched(key: ops.Constraint, made: _Made, at: Situation) -> Iterator[str]:
    if key.references is None:
        return
    target = at.catalog.resolve(key.references)
    for column, referenced in zip(key.columns, key.referenced_columns or _key_of(target, made, at), strict=False):
        own, other = made.types.get(column), _type_of(target, referenced, made, at)
        if own is not None and other is not None and not key_fits(own, other, at.catalog):
            there = f"{short_name(target, at.catalog)}.{spelled(referenced)}"
            yield f"{spelled(column)} is {_stored(own)} and {there} is {_stored(other)}"


def _stored(type_name: ops.TypeName) -> str:
    """As written, and what a serial column really is."""
    return SERIAL.get(type_name.sql.lower(), type_name.sql or type_name.name)


def _key_of(target: Name, made: _Made, at: Situation) -> tuple[str, ...]:
    if target == made.table and made.primary_key:
        return made.primary_key
    table = at.catalog.table(target)
    kept = table.constraints.values() if table else ()
    return next((constraint.columns for constraint in kept if constraint.type == "primary_key"), ())


def _type_of(target: Name, column: str, made: _Made, at: Situation) -> ops.TypeName | None:
    if target == made.table and column in made.types:
        return made.types[column]
    known = at.catalog.column(target, column)
    return None if known is None else known.type


def key_fits(own: ops.TypeName, other: ops.TypeName, catalog: Catalog) -> bool:
    """Whether every value of the other, which a foreign key points at, fits, and is compared without a cast."""
    if any("$" in told.sql or "{" in told.sql for told in (own, other)):
        return True  # a placeholder's type is not known
    here, there = (base_type(told, catalog) for told in (own, other))
    names = [SERIAL.get(told.name, told.name) if told.schema is None else told.name for told in (here, there)]
    if here.array != there.array:
        return False
    if all(name in _WIDTHS for name in names):
        return _WIDTHS[names[0]] >= _WIDTHS[names[1]]
    return names[0] == names[1] or all(name in _TEXTS for name in names)


# --------------------------------------------------------------------------- names, indexes, types


def _is_unqualified(operation: ops.Operation) -> bool:
    return operation.relation is not None and operation.relation.schema is None


def _create_index(operation: ops.CreateIndex, at: Situation) -> Facts:
    table = at.catalog.resolve(operation.relation or Name(None, ""))
    name = Name(table.schema, operation.name or "")
    return {
        "method": operation.method,
        "wide": len(operation.columns) > _WIDE,
        "cut_name_is_taken": bool(operation.truncated) and at.catalog.has(name),
    }


def _create_view(operation: ops.CreateView, at: Situation) -> Facts:
    return {"unqualified": _is_unqualified(operation) and not operation.temporary}


def _create_object(operation: ops.CreateObject, at: Situation) -> Facts:
    return {"enum": isinstance(operation, CreateEnum)}


def _set_variable(operation: ops.SetVariable, at: Situation) -> Facts:
    budget = at.state.terms.lock_budget
    is_lock = operation.name.lower() == LOCK
    return {
        "setting": "" if operation.value is None else str(operation.value),
        "sets_lock_timeout": kind_of_timeout(operation.value, budget) if is_lock else "",
        "lock_budget": str(Duration(budget)) if budget else "",
    }


DESIGN_FACTS: dict[str, Callable[[Any, Situation], Facts]] = {
    "create_table": _create_table,
    "add_column": _add_column,
    "alter_column_type": _alter_column_type,
    "add_foreign_key": _add_foreign_key,
    "create_index": _create_index,
    "create_view": _create_view,
    "create_materialized_view": _create_view,
    "create_object": _create_object,
    "set_variable": _set_variable,
}


NAMES_OF_DESIGN = (
    *(*_OF_TYPES, "serial_columns", "narrow_keys", "unindexed_keys", "missing_indexes", "mismatched_keys"),
    *("unqualified", "cut_name_is_taken", "method", "wide", "enum", "setting", "sets_lock_timeout", "lock_budget"),
)


def columns_of_index(operation: Any) -> tuple[str, ...]:
    """The key columns of the index that an operation makes; none where it makes none."""
    if operation.kind == "create_index":
        return () if operation.partial else tuple(operation.columns)
    if operation.kind in ("add_unique", "add_primary_key"):
        return tuple(operation.constraint.columns)
    return ()
