"""Runs a statement that PostgreSQL refuses in a transaction: the intent first, and after an interruption a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import errors, sql

from zdmigrate.errors import NotLocked
from zdmigrate.run.commit import commit
from zdmigrate.run.events import StepResult
from zdmigrate.run.indexes import Standing, drop_invalid, index_standing, refuse_other_index, wait_for_orphan
from zdmigrate.run.relations import quoted
from zdmigrate.run.session import GONE, told
from zdmigrate.run.steps import STARTED, forget_started, read_steps, write_started
from zdmigrate.run.watchdog import watched

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.session import Session
    from zdmigrate.schema.names import Name

TRIES = 3


def run_alone(session: Session, plan: Plan, step: Step, *, forgiving: bool = False) -> StepResult:
    """Run the one statement of a step outside of any transaction; whether it ran before is asked of the catalog.

    No lock_timeout: it would end CREATE INDEX CONCURRENTLY through any old snapshot in the database and leave an
    invalid index (measured). Plans hold no statement here whose locks stop a reader or a writer. ``forgiving`` takes
    what is already gone for undone.
    """
    start = session.limits.clock()
    with told(session, plan, step):
        begun = _begun(session, plan, step)
        write_started(session.connection, session.lease, plan, step)
        try:
            with session.settings(step):
                note = _run(session, plan, step, begun, forgiving)
        except (psycopg.Error, NotLocked):
            if not (begun or session.connection.broken):
                forget_started(session.connection, plan, step)
            raise
        _write_done(session, plan, step)
    return StepResult(session.limits.clock() - start, note=note)


def _begun(session: Session, plan: Plan, step: Step) -> bool:
    """Whether the step was begun by an earlier run, whose statement, if the server still runs it, is waited for."""
    row = read_steps(session.connection, plan).get(step.position)
    begun = row is not None and row.state == STARTED
    if begun:
        wait_for_orphan(session, step)
    return begun


def _run(session: Session, plan: Plan, step: Step, begun: bool, forgiving: bool) -> str:
    if _is_build(step) and step.index is not None:
        return _build(session, plan, step, step.index, begun)
    if step.detaches is not None and begun:
        return _detach(session, plan, step, *step.detaches)
    try:
        _execute(session, plan, step)
    except GONE:
        if not (begun or forgiving):  # only what was begun before may have done its work already
            raise
        return "was done already" if begun else "nothing to undo"
    return ""


def _execute(session: Session, plan: Plan, step: Step) -> None:
    with watched(session, plan, step):
        session.connection.execute(step.statements[0].encode())


def _detach(session: Session, plan: Plan, step: Step, parent: Name, partition: Name) -> str:
    """Go on with a DETACH CONCURRENTLY that was interrupted: half detached, inserts into the partition fail."""
    query = (
        "SELECT inhdetachpending FROM pg_catalog.pg_inherits"
        " WHERE inhparent = pg_catalog.to_regclass(%s) AND inhrelid = pg_catalog.to_regclass(%s)"
    )
    row = session.connection.execute(query, [quoted(parent), quoted(partition)]).fetchone()
    if row is None:
        return "was done already"
    if row[0]:
        finalize = sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE").format(
            sql.SQL(quoted(parent)), sql.SQL(quoted(partition))
        )
        with watched(session, plan, step):
            session.connection.execute(finalize)
        return "was half done, and is finalized"
    _execute(session, plan, step)
    return ""


def _build(session: Session, plan: Plan, step: Step, index: Name, begun: bool) -> str:
    """CREATE INDEX CONCURRENTLY: an invalid leftover is dropped and built anew, a valid twin is what was wanted."""
    note = ""
    for remaining in reversed(range(TRIES)):
        match index_standing(session.connection, step, index, begun):
            case Standing.SAME:
                return note or "was there already, valid and with the same definition"
            case Standing.OTHER:
                raise refuse_other_index(plan, step, index)
            case Standing.INVALID:
                drop_invalid(session, index)
                note = "an invalid index of an interrupted build was dropped and built anew"
            case Standing.ABSENT:
                pass
        try:
            _execute(session, plan, step)
        except (errors.DeadlockDetected, errors.LockNotAvailable):
            if not remaining:
                raise
            continue
        except (psycopg.Error, NotLocked, KeyboardInterrupt):
            _abandon(session, index)
            raise
        return note
    return note


def _abandon(session: Session, index: Name) -> None:
    """Drop what a build that ended early left: every write would keep it up, and a unique one refuses duplicates."""
    if session.connection.broken:
        return
    session.roll_back()  # closes a connection that Ctrl-C has left with a query under way
    try:
        session.connection.execute("SET statement_timeout = '2s'")
        drop_invalid(session, index)
    except psycopg.Error:
        session.listener.note(
            f"the index {index} is left invalid: writes keep it up, and refuse duplicates if it is unique, "
            f"until this command is run again, or: DROP INDEX CONCURRENTLY {quoted(index)}"
        )
    finally:
        if not session.connection.closed:
            session.connection.execute("SET statement_timeout = 0")


def _is_build(step: Step) -> bool:
    return step.builds_index and step.statements[0].lstrip()[:6].upper() == "CREATE"


def _write_done(session: Session, plan: Plan, step: Step) -> None:
    session.connection.execute("BEGIN")
    session.lease.guard(session.connection)
    commit(session, session.write_done(plan, step))
