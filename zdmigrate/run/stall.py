"""A backfill that does not get on: who is in the way is told, and after the deadline it gives up, to be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from zdmigrate.errors import NotLocked
from zdmigrate.ledger.ledger import one
from zdmigrate.run.session import state_after
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    import psycopg

    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.run.session import Session

PAUSE = 0.020  # seconds between two tries: as long as a batch waits for a row
REPORT_EVERY = 2.0


class Stall:
    """Counts for how long no batch has come through. A row is held by whoever holds ROW SHARE or more on the table."""

    def __init__(self, session: Session, plan: Plan, step: Step, table: str) -> None:
        self.session, self.plan, self.step = session, plan, step
        self.limits = session.limits
        (relation,) = one(session.connection, "SELECT pg_catalog.to_regclass(%s)::oid", [table])
        self.watch = session.watch({relation: LockMode.EXCLUSIVE})
        self.since: float | None = None
        self.reported = 0.0

    def over(self) -> None:
        """A batch came through."""
        self.since = None

    def met(self, error: psycopg.Error, block: int) -> None:
        """A batch was rolled back. Sleeps before the next try; raises NotLocked once the deadline has passed."""
        now = self.limits.clock()
        if self.since is None:
            self.since = self.reported = now
        if now - self.since > self.limits.deadline:
            raise self._given_up(error, block)
        if now - self.reported >= REPORT_EVERY:
            self.reported = now
            self.watch.look()
            self.session.listener.waiting(self.step, self.watch.details(), now - self.since)
        self.limits.sleep(PAUSE)

    def _given_up(self, error: psycopg.Error, block: int) -> NotLocked:
        self.watch.look()
        slow = isinstance(error, errors.QueryCanceled)
        why = "a batch of one block takes longer than the lock budget" if slow else "its rows are locked by others"
        blockers = "".join(f"\n  - {blocker}" for blocker in self.watch.details())
        return NotLocked(
            f"{self.step.path}:{self.step.line}: the backfill has not got past block {block} for "
            f"{self.limits.deadline:g} s: {why}" + (f"; in the way:{blockers}" if blockers and not slow else ""),
            state=state_after(self.plan, self.step) + "; every batch that was committed stands",
            hint="run the same command again: it goes on from there",
        )
