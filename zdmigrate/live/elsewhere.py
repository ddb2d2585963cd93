"""Changes whose SQL another tool runs: what it has done is recorded, so that the gate and ``ready`` know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import move, read_changes, write_needs
from zdmigrate.ledger.states import State
from zdmigrate.live.registry import bind_unbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.ledger.connection import Connection

_NOTHING = "nothing was changed"


def record_expanded(
    connection: Connection, app: str, changes: Sequence[str], needs: Sequence[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """Note that the expands of ``changes`` are complete, backfills included; the ones that were not noted before.

    ``needs`` are releases of other apps that their contracts wait for. Raises UsageError for a change that
    zdmigrate itself is in the middle of, or whose contract has begun; then none is noted.
    """
    with connection.transaction():
        states = {change: row.state for change, row in read_changes(connection, app).items()}
        new = tuple(change for change in changes if states.get(change) != State.EXPANDED)
        for change in new:
            _refuse_begun(change, states.get(change))
            move(connection, app, change, State.EXPANDING, elsewhere=True)
            move(connection, app, change, State.EXPANDED, elsewhere=True)
        for change in changes if needs else ():
            write_needs(connection, app, change, needs)
        bind_unbound(connection, app)
    return new


def record_contracted(connection: Connection, app: str, changes: Sequence[str]) -> tuple[str, ...]:
    """Note that the contracts of ``changes`` have run; the ones that were not noted before.

    Raises UsageError for a change whose gate was not asked: old versions would not have been kept out.
    """
    with connection.transaction():
        states = {change: row.state for change, row in read_changes(connection, app).items()}
        new = tuple(change for change in changes if states.get(change) != State.CONTRACTED)
        for change in new:
            if states.get(change) != State.CONTRACTING:
                raise UsageError(
                    f"the gate of {change} has not let its contract begin",
                    state=_NOTHING,
                    hint=f"zdmigrate gate {change}, before the contract is run",
                )
            move(connection, app, change, State.CONTRACTED, elsewhere=True)
    return new


def refuse_ungated(connection: Connection, app: str, changes: Sequence[str]) -> tuple[str, ...]:
    """The changes whose gate has still to let them begin. Raises UsageError for one that is not expanded."""
    rows = read_changes(connection, app)
    for change in changes:
        state = rows[change].state if change in rows else None
        if state in (None, State.REVERTED, State.REVERTING, State.EXPANDING):
            raise UsageError(
                f"{change} is {state or 'not begun'}: its contract is not due",
                state=_NOTHING,
                hint=f"once its expand and its backfill have run: zdmigrate gate --expanded {change}",
            )
    return tuple(change for change in changes if rows[change].state == State.EXPANDED)


def _refuse_begun(change: str, state: State | None) -> None:
    if state in (State.EXPANDING, State.REVERTING):
        raise UsageError(
            f"zdmigrate itself is in the middle of {change}: it is {state}",
            state=_NOTHING,
            hint="zdmigrate status shows how far it is",
        )
    if state in (State.CONTRACTING, State.CONTRACTED):
        raise UsageError(f"the contract of {change} has begun", state=_NOTHING, hint="zdmigrate status")
