"""Expands what is due, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import read_change, read_changes
from zdmigrate.ledger.states import State
from zdmigrate.plan.step import BACKFILL
from zdmigrate.run.agreement import agree
from zdmigrate.run.backfills.brakes.guards import GuardBreached
from zdmigrate.run.due import due_for_expand, nothing_run, plan_of, refuse_unrunnable
from zdmigrate.run.guarded import guarded_steps
from zdmigrate.run.lease import BackfillElsewhere
from zdmigrate.run.mending import retry_left_aside
from zdmigrate.run.order import Order
from zdmigrate.run.outcome import Outcome
from zdmigrate.run.phases import run_phase
from zdmigrate.run.preflight import refuse_unfit
from zdmigrate.run.revert import revert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Step
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def expand(
    target: Target,
    changes: Sequence[Change],
    *,
    backfill: bool = True,
    again: bool = False,
    begun_only: bool = False,
    among: Sequence[Change] = (),
    before: Callable[[], None] = lambda: None,
) -> Outcome:
    """Expand every change that is due, in order; without ``backfill`` each stops before its first backfill.

    ``before`` is called once every file has been found fit to run, and the role to run it, before anything runs.
    ``begun_only`` leaves out what was never begun. ``among`` are all changes, where only some of them shall be run.
    A change whose backfill another runner is at is passed over, and NotLocked is raised at the end: a backfill of
    hours must not stop what comes after it.
    """
    outcome, elsewhere = Outcome(), []
    agree(target, among or changes)
    with target.connect("expand") as connection, nothing_run():
        due = due_for_expand(target, connection, changes, again=again)
        if begun_only:
            due = [change for change in due if read_change(connection, target.app, change.id) is not None]
        else:
            _refuse_reverted(target, connection, changes, due)
        plans = refuse_unrunnable(target, connection, due)
        refuse_unfit(target, connection, *plans, due=list(zip(due, plans, strict=True)))
        order = Order(connection, target.app, among or changes)
    before()
    if backfill:
        outcome.mended = retry_left_aside(target, changes)
    for change in due:
        if waiting := order.to_expand(change):
            outcome.waiting.append(waiting)
            continue
        try:
            complete = _expand_one(target, change, _nothing if backfill else _is_backfill)
        except BackfillElsewhere as error:
            elsewhere.append(error)
            continue
        (outcome.expanded if complete else outcome.waiting_for_backfill).append(change.id)
        if complete:
            order.expanded(change)
    if elsewhere:
        raise elsewhere[0]
    return outcome


def _expand_one(target: Target, change: Change, until: Callable[[Step], bool]) -> bool:
    with target.connect("plan") as connection:
        plan = plan_of(target, connection, change, "expand")
        contract = plan_of(target, connection, change, "contract")
        refuse_unfit(target, connection, plan)
    try:
        with guarded_steps(target, change.id, until) as guarded:
            return run_phase(target, change, plan, contract=contract, until=guarded)
    except GuardBreached as error:
        if target.config.backfill.guard_action == "revert":
            target.listener.note(error.sentence)
            revert(target, change)
            raise error.reverted() from None
        raise


def _refuse_reverted(target: Target, connection: Connection, changes: Sequence[Change], due: list[Change]) -> None:
    """Raise UsageError for a reverted change whose file is here as it was: the release would wait for it for ever."""
    rows = read_changes(connection, target.app)
    for change in changes:
        if change not in due and change.id in rows and rows[change.id].state == State.REVERTED:
            raise UsageError(
                f"{change.id} was reverted and its file is the same: a release that has it would never be ready",
                state="nothing was run by this command",
                hint=f"--again expands it once more; or take {change.path} out of the folder",
            )


def _nothing(step: Step) -> bool:  # noqa: ARG001 - the shape of `until`
    return False


def _is_backfill(step: Step) -> bool:
    return step.mode == BACKFILL
