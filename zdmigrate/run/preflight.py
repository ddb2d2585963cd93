"""What only the runner can look at before a phase begins; before a contract it is point 5 of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError, NotYet, ZdmigrateError
from zdmigrate.live.verdict import Reason
from zdmigrate.run.backfill import remaining_rows
from zdmigrate.run.backfills.quarantine import left_aside, told_aside
from zdmigrate.run.budget import refuse_long_budget
from zdmigrate.run.concerns import concerns
from zdmigrate.run.dependents import what_hangs_on
from zdmigrate.run.due import plan_of
from zdmigrate.run.finding import Health
from zdmigrate.run.privileges import refuse_without_privileges
from zdmigrate.run.shape import changed_since
from zdmigrate.run.standbys import refuse_standby, refuse_unnamed_standbys
from zdmigrate.schema.operations import CreateTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan
    from zdmigrate.run.session import Session
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def refuse_unfit(target: Target, connection: Connection, *plans: Plan, due: Sequence[tuple[Change, Plan]] = ()) -> None:
    """Raise what would stop the plans half way, before anything runs: all of it at once.

    Of ``due``, expands with their changes, what they meet in this database is looked at, too; warnings are told.
    """
    found = concerns(connection, target.config, due)
    checks = (
        lambda: refuse_standby(connection),
        lambda: refuse_long_budget(connection, target.config),
        lambda: refuse_without_privileges(connection, plans),
        lambda: refuse_unnamed_standbys(connection, target.config, plans),
    )
    refusals = [error for check in checks if (error := _refusal(check)) is not None]
    refusals += [
        DatabaseError(finding.sentence, state="nothing was run by this command", hint=finding.hint)
        for finding in found
        if finding.health is Health.PROBLEM
    ]
    if refusals:
        raise _together(refusals)
    for finding in found:
        if finding.health is Health.WARNING:
            target.listener.note(finding.sentence + (f"; {finding.hint}" if finding.hint else ""))


def _refusal(check: Callable[[], None]) -> ZdmigrateError | None:
    try:
        check()
    except ZdmigrateError as error:
        return error
    return None


def _together(refusals: list[ZdmigrateError]) -> ZdmigrateError:
    """One error that tells all of them; one alone is told as it is."""
    if len(refusals) == 1:
        return refusals[0]
    told = "".join(f"\n  - {error.sentence}\n    next: {error.hint}" for error in refusals)
    return DatabaseError(
        f"{len(refusals)} things would stop this run:{told}",
        state="nothing was run by this command",
        hint="mend them all, then run the same command again; zdmigrate doctor looks at them, too",
    )


def refuse_dependents(connection: Connection, change: Change) -> None:
    """Raise NotYet where something hangs on what the contract drops, for callers that ask no gate."""
    reasons = what_hangs_on(connection, change)
    if reasons:
        raise NotYet(
            "".join(f"{reason.sentence}; " for reason in reasons).rstrip("; "),
            state=f"{change.id} is expanded, and nothing of its contract was run",
            hint="drop it in the contract, too, or change it first",
        )


def preflight(target: Target, session: Session, change: Change) -> list[Reason]:
    """What expand filled is in step, nothing else hangs on what will be dropped, and nobody altered the tables.

    Of a contract revision of Alembic's, the expand is what it stands on.
    """
    filled = (change, *change.revision.fills) if change.revision else (change,)
    plans = [plan_of(target, session.connection, each, "expand") for each in filled]
    return [
        *(reason for each in filled for reason in _left_aside(session, target.app, each)),
        *(reason for each, plan in zip(filled, plans, strict=True) for reason in _out_of_step(session, each, plan)),
        *what_hangs_on(session.connection, change),
        *changed_since(session.connection, target.app, change.id),
    ]


def _left_aside(session: Session, app: str, change: Change) -> Iterator[Reason]:
    """Rows that the backfill could not fill: the contract would drop what they are filled from."""
    rows = left_aside(session.connection, app, change.id)
    if rows:
        yield Reason("quarantine", told_aside(rows))


def _out_of_step(session: Session, change: Change, plan: Plan) -> Iterator[Reason]:
    """Rows that differ again. Asked only where a trigger of this change keeps them in step: elsewhere the new
    version may rightly have written the new side alone, and deriving it from the old side would lose that.
    """
    synced = {
        operation.relation.name
        for operation in change.operations()
        if isinstance(operation, CreateTrigger) and operation.relation
    }
    for step in plan.steps:
        if step.backfill is not None and step.backfill.verb == "update" and step.backfill.table.name in synced:
            rows = remaining_rows(session, plan, step)
            if rows:
                yield Reason(
                    "not-in-step",
                    f"{rows} rows of {step.backfill.table} are not in step: something wrote past the trigger "
                    f"(a partition attached later, session_replication_role); the statement at "
                    f"{step.path}:{step.line} would set them right",
                )
