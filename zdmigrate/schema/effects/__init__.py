"""What each operation costs: locks on every relation, rewrites, scans, index builds; one place for all versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects import columns, constraints, domains, indexes, relations, rows, tables, upkeep
from zdmigrate.schema.effects.claim import NONE, Effects, Situation

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema.operations import Operation

__all__ = ["Effects", "effects_of"]

_UNKNOWN = Effects(unknown=True)

_CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    **columns.CLAIMS,
    **constraints.CLAIMS,
    **domains.CLAIMS,
    **indexes.CLAIMS,
    **relations.CLAIMS,
    **rows.CLAIMS,
    **tables.CLAIMS,
    **upkeep.CLAIMS,
}

# Nothing that a query of another session could wait for: catalog rows only, or the session itself.
_HARMLESS_KINDS = (
    "add_enum_value begin commit create_domain create_function create_object grant "
    "move_object prepare_transaction release_savepoint rename_enum_value revoke rollback "
    "rollback_to_savepoint savepoint session_command set_variable"
)
HARMLESS = frozenset(_HARMLESS_KINDS.split())


def effects_of(operation: Operation, at: Situation) -> Effects:
    """The effects on a server of ``at.major`` (14 to 18); worst case where catalog and state do not know."""
    claim = _CLAIMS.get(operation.kind)
    if claim is not None:
        return claim(operation, at)
    return NONE if operation.kind in HARMLESS else _UNKNOWN
