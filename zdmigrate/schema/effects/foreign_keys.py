"""Which other tables an operation locks because of foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.effects.claim import Locks, Situation, locked
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.names import Name


def references_locked(constraint: ops.Constraint, at: Situation) -> Locks:
    """What making a foreign key locks on the table that it points at."""
    if constraint.references is None:
        return {}
    return locked(LockMode.SHARE_ROW_EXCLUSIVE, at.below(at.catalog.resolve(constraint.references)))


def neighbours_of_column(operation: ops.ColumnAction, at: Situation, *, pointing: bool) -> tuple[Name, ...]:
    """The other tables of the foreign keys that a column is part of; with ``pointing`` on either side."""
    table = at.table(operation)
    if table is None:
        return ()
    own = (
        constraint.references
        for constraint in table.constraints.values()
        if constraint.references is not None and operation.column in constraint.columns
    )
    others = tables_pointing_at(operation, at) if pointing else ()
    return tuple(dict.fromkeys(below for name in (*own, *others) for below in at.below(name)))


def tables_pointing_at(operation: ops.ColumnAction, at: Situation) -> tuple[Name, ...]:
    """The tables whose foreign keys point at a column, or may: the catalog knows that it is part of a key."""
    table = at.name(operation)
    if not any(index.unique and operation.column in index.columns for index in at.catalog.indexes_of(table)):
        return ()
    return tuple(dict.fromkeys(other.name for other, _ in at.catalog.references_to(table)))


def neighbours(table: Name, at: Situation) -> Iterator[Name]:
    """The tables that a table's foreign keys point at."""
    known = at.catalog.tables.get(table)
    for constraint in known.constraints.values() if known else ():
        if constraint.references is not None and constraint.references != table:
            yield constraint.references
