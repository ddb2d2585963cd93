"""How the catalog records constraints: the names that PostgreSQL gives them, their indexes and references.

Names: ``ChooseConstraintName`` and ``makeObjectName`` of the server (indexcmds.c), measured by test_catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.conditions import filled_columns
from zdmigrate.schema.layers import also, without
from zdmigrate.schema.names import Name
from zdmigrate.schema.relations import Index, TableColumn, TableConstraint

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import Constraint, CreateIndex
    from zdmigrate.schema.relations import Table

_LONGEST_NAME = 63  # bytes: NAMEDATALEN - 1
_LABELS = {
    "check": "check",
    "not_null": "not_null",
    "unique": "key",
    "primary_key": "pkey",
    "foreign_key": "fkey",
    "exclude": "excl",
}
INDEXED = frozenset(("unique", "primary_key", "exclude"))


def object_name(table: str, middle: str, label: str) -> str:
    """``table_middle_label``, the longer of the first two cut until the whole fits into 63 bytes."""
    first, second = table.encode(), middle.encode()
    room = _LONGEST_NAME - len(label.encode()) - 1 - (1 if middle else 0)
    if len(first) + len(second) <= room:
        return "_".join([part for part in (table, middle, label) if part])
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [part.decode(errors="ignore") for part in (first, second)]
    return "_".join([part for part in parts if part] + [label])


def free_name(table: str, middle: str, label: str, is_taken: Callable[[str], bool]) -> str:
    """The first of ``…_key``, ``…_key1``, ``…_key2`` that is not taken."""
    number = 0
    while is_taken(name := object_name(table, middle, f"{label}{number or ''}")):
        number += 1
    return name


def constraint_name(constraint: Constraint, table: Table, catalog: Catalog, taken: Container[str] = ()) -> str:
    """The name as written, or the one that the server will give it; ``taken`` are those just given."""
    if constraint.name is not None:
        return constraint.name
    if constraint.using_index is not None:
        return constraint.using_index

    def is_taken(name: str) -> bool:
        if name in taken or name in table.constraints:
            return True
        return constraint.type in INDEXED and catalog.has((table.name.schema, name))

    return free_name(table.name.name, _middle(constraint), _LABELS[constraint.type], is_taken)


def index_name(operation: CreateIndex, catalog: Catalog) -> Name:
    """The name of a new index as written, or the one that the server will give it."""
    table = catalog.resolve(operation.relation or Name(None, ""))
    if operation.name is not None:
        return Name(table.schema, operation.name)
    middle = "_".join(operation.called)
    return Name(table.schema, free_name(table.name, middle, "idx", lambda name: catalog.has(Name(table.schema, name))))


def _middle(constraint: Constraint) -> str:
    if constraint.type == "primary_key":
        return ""
    if constraint.type == "check":
        named = _columns_of_check(constraint)
        return named[0] if len(named) == 1 else ""
    return "_".join((*constraint.columns, *constraint.included))


def _columns_of_check(constraint: Constraint) -> tuple[str, ...]:
    return tuple(dict.fromkeys(constraint.expression.columns if constraint.expression else constraint.columns))


def with_constraints(catalog: Catalog, table: Table, written: Iterable[tuple[Constraint, str | None]]) -> Catalog:
    """The catalog once a table has got constraints; beside each the column that it was written on, if any."""
    made: dict[str, TableConstraint] = {}
    not_null: list[str] = []
    for constraint, column in written:
        if not constraint.columns and column is not None:
            constraint = constraint.changed(columns=(column,))
        if constraint.using_index is not None:
            catalog, constraint = _taken_over(catalog, table, constraint)
        name = constraint_name(constraint, table, catalog, made)
        made[name] = _recorded(constraint, name, table, catalog)
        if constraint.type == "primary_key" or (constraint.type == "not_null" and not constraint.not_valid):
            not_null += constraint.columns
    return _with_recorded(catalog, with_not_null(table, not_null), made)


def _with_recorded(catalog: Catalog, table: Table, made: dict[str, TableConstraint]) -> Catalog:
    backing = {kept.index: _backing_index(kept.index, table, kept) for kept in made.values() if kept.index is not None}
    table = table.changed(constraints=also(table.constraints, made))
    if backing:
        table = table.changed(indexes=tuple(dict.fromkeys((*table.indexes, *backing))))
        catalog = catalog.changed(indexes=also(catalog.indexes, backing))
    catalog = catalog.with_table(table)
    for kept in made.values():
        if kept.references is not None:
            catalog = _referenced(catalog, table.name, kept.references)
    return catalog


def _recorded(constraint: Constraint, name: str, table: Table, catalog: Catalog) -> TableConstraint:
    columns = _columns_of_check(constraint) if constraint.type == "check" else constraint.columns
    return TableConstraint(
        name=name,
        type=constraint.type,
        columns=columns,
        validated=not constraint.not_valid and constraint.enforced,
        enforced=constraint.enforced,
        expression=constraint.expression,
        filled=() if constraint.expression is None else filled_columns(constraint.expression.sql),
        references=None if constraint.references is None else catalog.resolve(constraint.references),
        index=Name(table.name.schema, name) if constraint.type in INDEXED else None,
    )


def _backing_index(name: Name, table: Table, constraint: TableConstraint) -> Index:
    return Index(
        name=name,
        table=table.name,
        columns=constraint.columns,
        unique=constraint.type != "exclude",
        constraint=constraint.name,
    )


def _taken_over(catalog: Catalog, table: Table, constraint: Constraint) -> tuple[Catalog, Constraint]:
    """USING INDEX: the index is renamed to the constraint, and lends it its columns."""
    old = Name(table.name.schema, str(constraint.using_index))
    index = catalog.indexes.get(old)
    rest = without(catalog.indexes, {old})
    columns = index.columns if index else ()
    return catalog.changed(indexes=rest), constraint.changed(columns=columns, name=constraint.name or old.name)


def with_not_null(table: Table, columns: Iterable[str], *, not_null: bool = True) -> Table:
    """The table once these of its columns are NOT NULL, or no longer."""
    known = {name: table.columns.get(name) or TableColumn(name=name) for name in columns}
    changed = {name: column.changed(not_null=not_null) for name, column in known.items() if column.not_null != not_null}
    new = {name: column for name, column in known.items() if name not in table.columns}
    return table.changed(columns=also(table.columns, new | changed)) if new or changed else table


def _referenced(catalog: Catalog, by: Name, target: Name) -> Catalog:
    table = catalog.table_or_new(target)
    if by in table.referencing:
        return catalog
    return catalog.with_table(table.changed(referencing=(*table.referencing, by)))


def without_constraints(catalog: Catalog, table: Table, names: set[str]) -> Catalog:
    """The catalog once a table has lost some constraints, and these their indexes."""
    backing = {table.constraints[name].index for name in names & table.constraints.keys()} - {None}
    kept = table.changed(constraints=without(table.constraints, names))
    return catalog.changed(indexes=without(catalog.indexes, backing)).with_table(kept)
