"""What a step's statements lock, make and take down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.operations import (
    CreateIndex,
    DetachPartition,
    DropIndex,
    DropObject,
    DropSequence,
    DropView,
    Reindex,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.schema.lock_modes import LockMode
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sql.script import Statement


def strongest(analysed: Iterable[Analysed]) -> tuple[tuple[Name, LockMode], ...]:
    locks: dict[Name, LockMode] = {}
    for each in analysed:
        for name, mode in each.effects.locks.items():
            locks[name] = max(mode, locks.get(name, mode))
    return tuple(sorted(locks.items(), key=lambda item: str(item[0])))


def distinct(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(dict.fromkeys(names))


def index_of(statement: Statement) -> Name | None:
    """The index that a statement outside of a transaction makes, drops or rebuilds."""
    match statement.operations[0]:
        case CreateIndex(name=str(name), relation=table) if table is not None:
            return type(table)(table.schema, name)
        case DropIndex(relation=name) | Reindex(relation=name, target="index"):
            return name
    return None


def detached_by(statement: Statement) -> tuple[Name, Name] | None:
    match statement.operations[0]:
        case DetachPartition(relation=parent, partition=partition) if parent is not None:
            return parent, partition
    return None


def cascades(analysed: Analysed) -> bool:
    """Whether a DROP … CASCADE of something that is no table may reach tables that nobody names."""
    operation = analysed.operation
    return isinstance(operation, DropObject | DropSequence | DropView) and operation.cascade
