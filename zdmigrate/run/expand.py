"""Expands what is due, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.plan.step import BACKFILL
from zdmigrate.run.due import due_for_expand, nothing_run, plan_of, refuse_unrunnable
from zdmigrate.run.outcome import Outcome
from zdmigrate.run.phases import run_phase
from zdmigrate.run.preflight import refuse_unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.plan.step import Step
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def expand(target: Target, changes: Sequence[Change], *, backfill: bool = True, again: bool = False) -> Outcome:
    """Expand every change that is due, in order; without ``backfill`` each stops before its first backfill."""
    outcome = Outcome()
    with target.connect("expand") as connection, nothing_run():
        due = due_for_expand(target, connection, changes, again=again)
        refuse_unrunnable(target, connection, due)
    for change in due:
        with target.connect("plan") as connection:
            plan = plan_of(target, connection, change, "expand")
            contract = plan_of(target, connection, change, "contract")
            refuse_unfit(target, connection, plan)
        complete = run_phase(target, change, plan, contract=contract, until=_nothing if backfill else _is_backfill)
        (outcome.expanded if complete else outcome.waiting_for_backfill).append(change.id)
    return outcome


def _nothing(step: Step) -> bool:  # noqa: ARG001 - the shape of `until`
    return False


def _is_backfill(step: Step) -> bool:
    return step.mode == BACKFILL
