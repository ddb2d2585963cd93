"""The effects of statements that read or write rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.agenda import unknown_calls
from zdmigrate.schema.effects.claim import Effects, Locks, Situation, locked, strongest
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.names import Name


def _sources(sources: tuple[Name, ...], at: Situation, mode: LockMode = LockMode.ACCESS_SHARE) -> Locks:
    return locked(mode, map(at.catalog.resolve, sources))


def _write(operation: ops.Insert | ops.Update | ops.Delete | ops.Merge, at: Situation) -> Effects:
    own = locked(LockMode.ROW_EXCLUSIVE, _written(operation, at))
    return Effects(locks=strongest(_sources(operation.sources, at), own))


def _written(operation: ops.Operation, at: Situation) -> tuple[Name, ...]:
    """The table and what is below it; INSERT reaches partitions, but not tables that inherit."""
    name = at.name(operation)
    table = at.catalog.tables.get(name)
    inherited = operation.kind == "insert" and table is not None and not table.partitioned
    return (name,) if inherited or getattr(operation, "only", False) else at.below(name)


def _copy(operation: ops.Copy, at: Situation) -> Effects:
    mode = LockMode.ROW_EXCLUSIVE if operation.is_from else LockMode.ACCESS_SHARE
    return Effects(locks=locked(mode, () if operation.relation is None else (at.name(operation),)))


def _select(operation: ops.Select, at: Situation) -> Effects:
    mode = LockMode.ROW_SHARE if operation.locks_rows else LockMode.ACCESS_SHARE
    sources = [below for name in operation.sources for below in at.below(at.catalog.resolve(name))]
    return Effects(locks=locked(mode, sources), unknown=bool(unknown_calls(operation, at.catalog)))


def _truncate(operation: ops.Truncate, at: Situation) -> Effects:
    tables = (at.name(operation),) if operation.only else at.below(at.name(operation))
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, _cascaded(tables, at) if operation.cascade else tables))


def _cascaded(tables: tuple[Name, ...], at: Situation) -> tuple[Name, ...]:
    """The tables, and to any depth those whose foreign keys point at them."""
    pointing = [
        below for name in tables for other, _ in at.catalog.references_to(name) for below in at.below(other.name)
    ]
    together = tuple(dict.fromkeys((*tables, *pointing)))
    return together if len(together) == len(tables) else _cascaded(together, at)


def _lock_table(operation: ops.LockTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode(operation.mode), at.below(at.name(operation))))


def _call(operation: ops.Call, at: Situation) -> Effects:
    """What a procedure's body does are operations of their own."""
    return Effects(unknown=bool(unknown_calls(operation, at.catalog)))


def _do(operation: ops.Do, at: Situation) -> Effects:
    return Effects(unknown=not operation.read)


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "insert": _write,
    "update": _write,
    "delete": _write,
    "merge": _write,
    "copy": _copy,
    "select": _select,
    "truncate": _truncate,
    "lock_table": _lock_table,
    "call": _call,
    "do": _do,
}
