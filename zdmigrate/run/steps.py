"""A step's row in the ledger: written with the step where that can be, before it where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import NotLocked, StepFailed
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.ledger.states import State
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.lease import Lease

STARTED = "started"
DONE = "done"


class PhaseOver(Exception):
    """Another runner has completed the phase while this one waited."""


class StepRow(NamedTuple):
    """What the ledger knows of a step that was begun."""

    state: str
    fingerprint: str


def read_steps(connection: Connection, plan: Plan) -> dict[int, StepRow]:
    """The steps of a plan's phase that were begun, by position."""
    query = "SELECT position, state, fingerprint FROM zdmigrate.step WHERE app = %s AND change = %s AND phase = %s"
    rows = connection.execute(query, [plan.app, plan.change, plan.phase])
    return {position: StepRow(state, fingerprint) for position, state, fingerprint in rows}


def write_done(connection: Connection, lease: Lease, plan: Plan, step: Step) -> str:
    """Note that a step is done, in the transaction that does it.

    Returns the transaction's id, to ask for if the answer to COMMIT is lost.
    """
    query = """
        INSERT INTO zdmigrate.step (app, change, phase, position, state, fingerprint, token, xid, finished_at)
        VALUES (%s, %s, %s, %s, 'done', %s, %s, pg_catalog.pg_current_xact_id(), pg_catalog.clock_timestamp())
        ON CONFLICT (app, change, phase, position) DO UPDATE
            SET state = 'done', xid = excluded.xid, token = excluded.token, finished_at = excluded.finished_at
            WHERE step.state = 'started'
        RETURNING xid::text
    """
    values = [plan.app, plan.change, plan.phase, step.position, step.fingerprint, lease.token]
    row = connection.execute(query, values).fetchone()
    if row is None:
        raise done_by_another(plan, step)
    connection.execute(
        "DELETE FROM zdmigrate.pending WHERE app = %s AND change = %s AND position = %s AND %s = 'expand'",
        [plan.app, plan.change, step.position, plan.phase],
    )
    place = {"phase": plan.phase, "step": step.position + 1, "of": len(plan.steps), "place": f"{step.path}:{step.line}"}
    record(connection, "step", app=plan.app, change=plan.change, **place)
    return str(row[0])


def forget_started(connection: Connection, plan: Plan, step: Step) -> None:
    """Take an intent back: the server refused the statement, so nothing of it was done."""
    connection.execute(
        "DELETE FROM zdmigrate.step WHERE app = %s AND change = %s AND phase = %s AND position = %s"
        " AND state = 'started'",
        [plan.app, plan.change, plan.phase, step.position],
    )


def is_settled(connection: Connection, lease: Lease, plan: Plan, step: Step, state: State, ended: State) -> bool:
    """Whether a step is done by now. Asked under the lease: what was read before it was taken may be old.

    Raises PhaseOver where another runner has brought the change to ``ended``, NotLocked where to anything else that
    is not ``state``.
    """
    with connection.transaction():
        lease.guard(connection)
        row = connection.execute(
            "SELECT state FROM zdmigrate.change WHERE app = %s AND id = %s FOR UPDATE", [plan.app, plan.change]
        ).fetchone()
        if row is None:
            raise _went_back(f"{plan.change} had begun", plan, 0)
        (now,) = row
        if now == ended:
            raise PhaseOver
        if now != state:
            raise NotLocked(
                f"{plan.change} has become {now} by another runner, so its {plan.phase} ends here",
                state=f"steps before step {step.position + 1} of {len(plan.steps)} were done",
                hint="zdmigrate status",
            )
        rows = read_steps(connection, plan)
        _refuse_gap(rows, plan, step)
        row = rows.get(step.position)
        return row is not None and row.state == DONE


def refuse_undone(plan: Plan, lost: Set[int]) -> None:
    """Raise StepFailed where steps that this run has done are not done any more, by what the ledger says now."""
    if lost:
        raise _went_back(f"step {min(lost) + 1} of {plan.phase} {plan.change} was done", plan, min(lost))


def _refuse_gap(rows: Mapping[int, StepRow], plan: Plan, step: Step) -> None:
    """Raise StepFailed unless every step before is done: a standby that took over may not have got the last ones."""
    for before in plan.steps[: step.position]:
        if before.position not in rows or rows[before.position].state != DONE:
            raise _went_back(
                f"step {before.position + 1} of {plan.phase} {plan.change} was done", plan, before.position
            )


def _went_back(what: str, plan: Plan, position: int) -> StepFailed:
    return StepFailed(
        f"the ledger went back in time: {what}, and by what it says now that never happened; a standby or a backup "
        f"that did not have it must have taken the server's place",
        state=f"this server is as it was before step {position + 1} of {len(plan.steps)}; nothing was run on it",
        hint="run the same command again: it goes on from what this server has",
    )


def done_by_another(plan: Plan, step: Step) -> NotLocked:
    """Another runner did the step while this one was about to."""
    return NotLocked(
        f"step {step.position + 1} of {plan.phase} {plan.change} was done by another runner meanwhile",
        state="this runner did nothing of it",
        hint="run the same command again",
    )


def write_started(connection: Connection, lease: Lease, plan: Plan, step: Step) -> None:
    """Note the intent to run a step that cannot be in a transaction."""
    with connection.transaction():
        lease.guard(connection)
        connection.execute(
            "INSERT INTO zdmigrate.step (app, change, phase, position, state, fingerprint, token)"
            " VALUES (%s, %s, %s, %s, 'started', %s, %s)"
            " ON CONFLICT (app, change, phase, position) DO UPDATE SET token = excluded.token",
            [plan.app, plan.change, plan.phase, step.position, step.fingerprint, lease.token],
        )
