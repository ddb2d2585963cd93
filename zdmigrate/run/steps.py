"""A step's row in the ledger: written with the step where that can be, before it where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.ledger import one

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.lease import Lease

STARTED = "started"
DONE = "done"


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
        RETURNING xid::text
    """
    values = [plan.app, plan.change, plan.phase, step.position, step.fingerprint, lease.token]
    (xid,) = one(connection, query, values)
    connection.execute(
        "DELETE FROM zdmigrate.pending WHERE app = %s AND change = %s AND position = %s AND %s = 'expand'",
        [plan.app, plan.change, step.position, plan.phase],
    )
    return str(xid)


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
