"""Contracts what is due and whose gate is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import read_changes, write_needs
from zdmigrate.ledger.record import record
from zdmigrate.ledger.states import State
from zdmigrate.live.fence import close_fence
from zdmigrate.live.roles import end_sessions
from zdmigrate.run.agreement import agree
from zdmigrate.run.due import due_for_contract, plan_of
from zdmigrate.run.lease import DDL, take_lease
from zdmigrate.run.mending import retry_left_aside
from zdmigrate.run.order import Order
from zdmigrate.run.outcome import Outcome
from zdmigrate.run.phases import run_phase
from zdmigrate.run.preflight import preflight, refuse_unfit
from zdmigrate.run.sections import needs_of
from zdmigrate.run.session import Session, between_steps
from zdmigrate.run.shape import accept, changed_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.verdict import Verdict
    from zdmigrate.plan.step import Plan
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def contract(
    target: Target,
    changes: Sequence[Change],
    release: str,
    *,
    forced_why: str | None = None,
    accepted_why: str | None = None,
) -> Outcome:
    """Contract every change whose gate is open; the verdicts of the others are in the outcome.

    ``accepted_why``: what others have altered on the tables since expand is taken as it is.
    """
    outcome = Outcome()
    agree(target, changes)
    with target.connect("contract") as connection:
        due, too_early = due_for_contract(target, connection, changes, release)
        order = Order(connection, target.app, changes)
    outcome.too_early = [change.id for change in too_early]
    outcome.mended = retry_left_aside(target, due)
    for change in due:
        if waiting := order.waiting(change):
            outcome.waiting.append(waiting)
            continue
        if accepted_why is not None:
            _accept(target, change, accepted_why)
        verdict = open_gate(target, change, release, forced_why)
        if verdict is not None and not verdict.open:
            outcome.refused.append(verdict)
            continue
        with target.connect("plan") as connection:
            plan = plan_of(target, connection, change, "contract")
        run_phase(target, change, plan)
        order.contracted(change)
        outcome.contracted.append(change.id)
    return outcome


def _accept(target: Target, change: Change, why: str) -> None:
    with target.connect("accept") as connection, connection.transaction():
        told = [reason.sentence for reason in changed_since(connection, target.app, change.id)]
        if told:
            accept(connection, target.app, change.id)
            record(connection, "accept", app=target.app, change=change.id, why=why, changes=told)


def open_gate(target: Target, change: Change, release: str, forced_why: str | None) -> Verdict | None:
    """Close the fence behind old versions, if the gate is open; None where a contract has begun before."""
    with target.connect("gate") as connection:
        row = read_changes(connection, target.app)[change.id]
        if row.state == State.CONTRACTING:
            end_sessions(connection, target.config)  # a runner may have died between the fence and this
            return None
        plan = plan_of(target, connection, change, "contract")
        refuse_unfit(target, connection, plan)
        _note_difference(target, connection, plan, row)
    with take_lease(target.dsn, DDL, f"gate {change.id}") as lease:
        session = Session(lease, target.limits, target.listener, queries=target.queries)
        try:
            with between_steps(session, f"at the gate of {change.id}"):
                write_needs(session.connection, target.app, change.id, needs_of(change))
                return close_fence(
                    session.connection,
                    target.config,
                    target.app,
                    change.id,
                    release,
                    forced_why=forced_why,
                    extra_check=lambda: preflight(target, session, change),
                )
        finally:
            session.close()


def _note_difference(target: Target, connection: Connection, plan: Plan, row: ChangeRow) -> None:
    """Say, and record, where the contract is not the one that was reviewed at expand."""
    if row.contract_plan is None:
        return
    for difference in plan.difference(row.contract_plan):
        target.listener.note(f"the contract of {plan.change} is not what it was at expand: {difference}")
        record(connection, "contract changed", app=plan.app, change=plan.change, difference=difference)


def last_release(connection: Connection, app: str) -> str:
    """The release registered last. Raises UsageError where there is none."""
    row = connection.execute(
        "SELECT version FROM zdmigrate.release WHERE app = %s ORDER BY position DESC LIMIT 1", [app]
    ).fetchone()
    if row is None:
        raise UsageError(
            f"no release of {app} is registered",
            state="nothing was run",
            hint="name the one that is being deployed: --release",
        )
    return str(row[0])
