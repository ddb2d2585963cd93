"""Runs a statement that PostgreSQL refuses in a transaction: the intent first, and after an interruption a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import errors

from zdmigrate.run.commit import commit
from zdmigrate.run.events import StepResult
from zdmigrate.run.indexes import Standing, drop_invalid, index_standing, refuse_other_index, wait_for_orphan
from zdmigrate.run.session import told
from zdmigrate.run.steps import STARTED, read_steps, write_done, write_started

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.session import Session
    from zdmigrate.schema.names import Name

TRIES = 3


def run_alone(session: Session, plan: Plan, step: Step, *, forgiving: bool = False) -> StepResult:
    """Run the one statement of a step outside of any transaction; whether it ran before is asked of the catalog.

    No lock_timeout: it would end CREATE INDEX CONCURRENTLY through any old snapshot in the database and leave an
    invalid index (measured). Its own locks stop no reader and no writer. ``forgiving`` as in run_transaction.
    """
    start = session.limits.clock()
    with told(session, plan, step), session.settings(step):
        note = _run(session, plan, step, forgiving)
        _write_done(session, plan, step)
    return StepResult(session.limits.clock() - start, note=note)


def _run(session: Session, plan: Plan, step: Step, forgiving: bool) -> str:
    begun = read_steps(session.connection, plan).get(step.position)
    if begun is not None and begun.state == STARTED:
        wait_for_orphan(session, step)
    if _is_build(step) and step.index is not None:
        return _build(session, plan, step, step.index)
    write_started(session.connection, session.lease, plan, step)
    try:
        session.connection.execute(step.statements[0].encode())
    except errors.UndefinedObject:
        if begun is None and not forgiving:  # only what was begun before may have done its work already
            raise
        return "was done already" if begun else "nothing to undo"
    return ""


def _build(session: Session, plan: Plan, step: Step, index: Name) -> str:
    """CREATE INDEX CONCURRENTLY: an invalid leftover is dropped and built anew, a valid twin is what was wanted."""
    note = ""
    for remaining in reversed(range(TRIES)):
        match index_standing(session.connection, step, index):
            case Standing.SAME:
                return note or "was there already, valid and with the same definition"
            case Standing.OTHER:
                raise refuse_other_index(plan, step, index)
            case Standing.INVALID:
                drop_invalid(session, index)
                note = "an invalid index of an interrupted build was dropped and built anew"
            case Standing.ABSENT:
                pass
        write_started(session.connection, session.lease, plan, step)
        try:
            session.connection.execute(step.statements[0].encode())
        except (errors.DeadlockDetected, errors.LockNotAvailable):
            if not remaining:
                raise
            continue
        except psycopg.Error:
            if not session.connection.broken:
                drop_invalid(session, index)  # a definite failure cleans up; the table is as it was
            raise
        return note
    return note


def _is_build(step: Step) -> bool:
    return step.builds_index and step.statements[0].lstrip()[:6].upper() == "CREATE"


def _write_done(session: Session, plan: Plan, step: Step) -> None:
    session.connection.execute("BEGIN")
    session.lease.guard(session.connection)
    commit(session, write_done(session.connection, session.lease, plan, step))
