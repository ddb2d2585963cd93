"""The effects of VACUUM, ANALYZE, CLUSTER and commands beyond one schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.claim import NONE, Effects, Situation, locked
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.names import Name


def _vacuum(operation: ops.Vacuum, at: Situation) -> Effects:
    tables = _tables(operation, at)
    mode = LockMode.ACCESS_EXCLUSIVE if operation.full else LockMode.SHARE_UPDATE_EXCLUSIVE
    return Effects(
        locks=locked(mode, tables),
        rewrites=at.stored(tables) if operation.full else (),
        builds_index=operation.full,
        refuses_transaction=True,
    )


def _analyze(operation: ops.Analyze, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_UPDATE_EXCLUSIVE, _tables(operation, at)))


def _tables(operation: ops.Operation, at: Situation) -> tuple[Name, ...]:
    """The one that is named, with those below it; without a name all that are known."""
    return tuple(at.catalog.tables) if operation.relation is None else at.below(at.name(operation))


def _cluster(operation: ops.Cluster, at: Situation) -> Effects:
    tables = () if operation.relation is None else (at.name(operation),)
    return Effects(
        locks=locked(LockMode.ACCESS_EXCLUSIVE, tables),
        rewrites=tables,
        builds_index=True,
        refuses_transaction=operation.relation is None,
    )


def _server_command(operation: ops.ServerCommand, at: Situation) -> Effects:
    return NONE if operation.statement == "checkpoint" else Effects(refuses_transaction=True)


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "vacuum": _vacuum,
    "analyze": _analyze,
    "cluster": _cluster,
    "server_command": _server_command,
}
