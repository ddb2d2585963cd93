"""What the record keeps of a step besides that it was done: how long it and its locks took, or why it failed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from zdmigrate.errors import NotLocked, ZdmigrateError
from zdmigrate.ledger.record import record
from zdmigrate.redact import redact

if TYPE_CHECKING:
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.events import StepResult
    from zdmigrate.run.session import Session


def record_took(session: Session, plan: Plan, step: Step, result: StepResult) -> None:
    """Note how long a step took: after it, since how long a lock was held is known when it is given back."""
    detail: dict[str, Any] = {"seconds": _rounded(result.seconds), "tries": result.tries}
    if result.held:
        locks = {str(name): mode.pg_locks for name, mode in step.locks}
        detail |= {"waited": _rounded(result.waited), "held": _rounded(result.held), "locks": locks}
    if result.rows is not None:
        detail["rows"] = result.rows
    if result.note:
        detail["note"] = result.note
    _record(session, "took", plan, step, **detail)


def record_failure(session: Session, plan: Plan, step: Step, error: ZdmigrateError) -> None:
    """Note why a step was given up; in the server's words, so without a query's text of somebody else."""
    if not session.connection.broken:
        session.roll_back()
        action = "no lock" if isinstance(error, NotLocked) else "failed"
        _record(session, action, plan, step, why=redact(error.sentence.partition("\n")[0]))


def _record(session: Session, action: str, plan: Plan, step: Step, **detail: Any) -> None:
    """The step is done, or has failed, by now: that this cannot be written down must not be told instead."""
    with suppress(psycopg.Error):
        at = {"phase": plan.phase, "step": step.position + 1}
        record(session.connection, action, app=plan.app, change=plan.change, **at, **detail)


def _rounded(seconds: float) -> float:
    return round(seconds, 4)
