"""A worker that does not get on: who is in the way is told, and after the deadline it gives up, to be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from zdmigrate.errors import NotLocked
from zdmigrate.plan.step import LINES
from zdmigrate.run.session import state_after
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    import psycopg

    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.backfills.ranges import BlockRange
    from zdmigrate.run.blocker import Blocker
    from zdmigrate.run.session import Session

PAUSE = 0.020  # seconds between two tries: as long as a batch waits for a row
REPORT_EVERY = 2.0


class Stall:
    """Counts for how long no batch has come through. A row is held by whoever holds ROW SHARE or more on the table."""

    def __init__(self, session: Session, plan: Plan, step: Step) -> None:
        self.session, self.plan, self.step = session, plan, step
        self.limits = session.limits
        self.since: float | None = None
        self.reported = 0.0
        self.relation = 0

    def over(self) -> None:
        """A batch came through."""
        self.since = None

    def met(self, error: psycopg.Error, taken: BlockRange) -> float | None:
        """A batch was rolled back. For how many seconds that has been so, when it is time to tell; else None.

        Raises NotLocked once the deadline has passed.
        """
        now = self.limits.clock()
        self.relation = taken.leaf.oid
        if self.since is None:
            self.since = self.reported = now
        if now - self.since > self.limits.deadline:
            raise self._given_up(error, taken)
        if now - self.reported < REPORT_EVERY:
            return None
        self.reported = now
        return now - self.since

    def blockers(self) -> list[Blocker]:
        """Who holds rows of the table now."""
        watch = self.session.watch({self.relation: LockMode.EXCLUSIVE})
        watch.look()
        return watch.details()

    def _given_up(self, error: psycopg.Error, taken: BlockRange) -> NotLocked:
        slow = isinstance(error, errors.QueryCanceled)
        why = "a single row takes longer than the lock budget" if slow else "its rows are locked by others"
        blockers = "" if slow else "".join(f"\n  - {blocker}" for blocker in self.blockers())
        table = f" of {taken.leaf.name}" if taken.leaf.name else ""
        return NotLocked(
            f"{self.step.path}:{self.step.line}: the backfill has not got past block {taken.next // LINES}{table} for "
            f"{self.limits.deadline:g} s: {why}" + (f"; in the way:{blockers}" if blockers else ""),
            state=state_after(self.plan, self.step) + "; every batch that was committed stands",
            hint="run the same command again: it goes on from there",
        )
