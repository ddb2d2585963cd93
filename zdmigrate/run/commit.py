"""COMMIT, and what to believe when its answer is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import one
from zdmigrate.run.outage import ConnectionLost

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.session import Session

PATIENCE = 30.0  # seconds to wait for an undecided transaction before its backend is ended


def commit_locally(session: Session) -> None:
    """From now on, in this transaction: COMMIT waits for no synchronous standby."""
    session.connection.execute("SET LOCAL synchronous_commit = local")


def commit(session: Session, xid: str, *, locally: bool = True) -> None:
    """Commit without waiting for a synchronous standby: the lock would be held through its answer (measured).

    ``locally`` says so first; not where it was said before.

    When the connection is lost on the way, the server is asked what became of the transaction; an absent ledger row
    would prove nothing (measured: it was in progress, and then committed). Raises psycopg.OperationalError where
    the transaction was rolled back, or cannot be asked for.
    """
    if locally:
        commit_locally(session)
    try:
        session.connection.execute("COMMIT")
    except psycopg.OperationalError:
        if not session.connection.broken:
            raise
        try:
            committed = was_committed(session, xid)
        except (psycopg.Error, DatabaseError) as error:
            raise _unknown(error) from None
        if not committed:
            raise


def _unknown(error: Exception) -> ConnectionLost:
    return ConnectionLost(
        f"the connection was lost in COMMIT, and the server does not answer: {' '.join(str(error).split())}",
        state="it is not known whether this step was done; the steps before it stand",
        hint="run the same command again once the server answers: it looks at what really happened",
    )


def was_committed(session: Session, xid: str) -> bool:
    """What became of a transaction of ours that wrote a step, and whose COMMIT had no answer.

    A server that crashed may give the number of a transaction that it lost to another one: "committed" counts only
    with the step's row, and a number that was never given is one that was lost.
    """
    with connect(session.lease.dsn, purpose="commit check") as connection:
        deadline = time.monotonic() + PATIENCE
        while (status := _status(connection, xid)) == "in progress":
            if time.monotonic() > deadline:
                connection.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [session.pid])
            time.sleep(0.05)
        query = "SELECT EXISTS (SELECT FROM zdmigrate.step WHERE xid = %s::text::xid8)"
        return status != "aborted" and bool(one(connection, query, [xid])[0])


def _status(connection: Connection, xid: str) -> str | None:
    """None for one too old to be told."""
    try:
        (status,) = one(connection, "SELECT pg_catalog.pg_xact_status(%s::text::xid8)", [xid])
    except psycopg.errors.InvalidParameterValue:  # it is in the future
        return "aborted"
    return str(status) if status else None
