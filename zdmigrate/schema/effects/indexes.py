"""The effects of making, dropping, renaming and rebuilding indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.constraints import index_name
from zdmigrate.schema.effects.claim import Effects, Situation, locked, strongest
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.names import Name


def _create(operation: ops.CreateIndex, at: Situation) -> Effects:
    table = at.name(operation)
    tables = (table,) if operation.only else at.below(table)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if operation.concurrently else LockMode.SHARE
    known = at.table(operation)
    alone = operation.only and (known is None or not known.complete or known.partitioned)
    name = index_name(operation, at.catalog)
    if operation.if_not_exists and name in at.catalog.indexes:
        return Effects(locks=locked(mode, tables), refuses_transaction=operation.concurrently)
    return Effects(
        locks=locked(mode, tables),
        scans=() if alone else at.stored(tables),
        builds_index=not alone,  # ON ONLY is written for partitioned tables, which have no rows of their own
        refuses_transaction=operation.concurrently,
        creates=(name,),
    )


def _drop(operation: ops.DropIndex, at: Situation) -> Effects:
    name, catalog = at.name(operation), at.catalog
    if operation.if_exists and name in catalog.gone_indexes and name not in catalog.indexes:
        return Effects(refuses_transaction=operation.concurrently)
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if operation.concurrently else LockMode.ACCESS_EXCLUSIVE
    return Effects(locks=locked(mode, _with_table(operation, at)), refuses_transaction=operation.concurrently)


def _with_table(operation: ops.Operation, at: Situation) -> tuple[Name, ...]:
    """The index, its table, and the partitions of that: they have indexes that go with this one."""
    name = at.name(operation)
    index = at.catalog.indexes.get(name)
    return (name,) if index is None else (name, *at.below(index.table))


def _rename(operation: ops.RenameIndex, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (at.name(operation),)))


def _reindex(operation: ops.Reindex, at: Situation) -> Effects:
    if operation.relation is None:
        return Effects(refuses_transaction=True, builds_index=True)
    name = at.name(operation)
    index = at.catalog.indexes.get(name)
    if operation.target == "index":
        return _rebuilding(() if index is None else (index.table,), (name,), concurrently=operation.concurrently)
    indexes = tuple(other.name for other in at.catalog.indexes_of(name))
    known = at.table(operation)
    if known is not None and known.complete and not indexes:
        return Effects(locks=locked(LockMode.SHARE, (name,)), refuses_transaction=operation.concurrently)
    return _rebuilding(at.below(name), indexes, concurrently=operation.concurrently)


def _rebuilding(tables: tuple[Name, ...], indexes: tuple[Name, ...], *, concurrently: bool) -> Effects:
    if concurrently:
        locks = locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (*tables, *indexes))
    else:
        locks = strongest(locked(LockMode.SHARE, tables), locked(LockMode.ACCESS_EXCLUSIVE, indexes))
    return Effects(locks=locks, scans=tables, builds_index=True, refuses_transaction=concurrently)


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "create_index": _create,
    "drop_index": _drop,
    "rename_index": _rename,
    "reindex": _reindex,
}
