"""Rows that a backfill left aside are tried again: before anything else is expanded, and before a contract."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from zdmigrate.run.backfills.quarantine import Quarantine, rows_aside, told_aside
from zdmigrate.run.due import plan_of
from zdmigrate.run.lease import BackfillElsewhere, backfill_lease, take_lease
from zdmigrate.run.session import Session, told
from zdmigrate.run.surroundings import settings_begun_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.plan.step import Plan
    from zdmigrate.run.backfills.quarantine import Aside
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def retry_left_aside(target: Target, changes: Sequence[Change]) -> int:
    """Fill the rows that were mended meanwhile, and say how many are still left aside; the count of those that are not.

    A row that was deleted counts as mended.
    """
    mended = 0
    with target.connect("quarantine") as connection:
        waiting = rows_aside(connection, target.app)
        plans = [plan_of(target, connection, change, "expand") for change in changes if change.id in waiting]
    for plan in plans:
        try:
            left = _retry(target, plan)
        except BackfillElsewhere:  # that runner is at it
            continue
        mended += waiting[plan.change] - len(left)
        if left:
            target.listener.note(f"{plan.change}: {told_aside(left)}")
    return mended


def _retry(target: Target, plan: Plan) -> list[Aside]:
    with take_lease(target.dsn, backfill_lease(plan.app, plan.change), f"rows left aside of {plan.change}") as lease:
        session = Session(lease, target.limits, target.listener, queries=target.queries)
        with closing(session):
            session.settle_in(settings_begun_with(session.connection, plan.app, plan.change))
            left = []
            for step in plan.steps:
                if step.backfill is not None:
                    with told(session, plan, step):
                        left += Quarantine(plan, step, step.backfill).retry(session)
            return left
