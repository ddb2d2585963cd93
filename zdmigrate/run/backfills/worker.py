"""One worker of a backfill: a thread with a connection of its own, which goes through ranges batch by batch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import UndefinedTable

from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.batch_size import BatchSize
from zdmigrate.run.backfills.stall import PAUSE, Stall
from zdmigrate.run.refused_row import BLAMED, refused_in_batch
from zdmigrate.run.session import failed, told
from zdmigrate.run.transactions import RETRIED

if TYPE_CHECKING:
    from queue import SimpleQueue

    import psycopg

    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.backfills.cursors import Cursors
    from zdmigrate.run.backfills.leaves import Leaf
    from zdmigrate.run.backfills.ranges import BlockRange, Ranges
    from zdmigrate.run.backfills.valve import Valve
    from zdmigrate.run.session import Session

TARGET = 0.1  # seconds that a batch should take,
SHARE = 0.5  # or this share of the lock budget, if that is less
LONGEST = 0.75  # of the lock budget: after which a batch is cancelled and halved
ROW_LOCK_TIMEOUT = 0.020  # below deadlock_timeout: the app is never a deadlock's victim because of a batch


class Pass(NamedTuple):
    """What the workers of one pass share."""

    plan: Plan
    step: Step
    backfill: Backfill
    cursors: Cursors
    ranges: Ranges
    valve: Valve
    block_size: int
    fixed: int | None  # blocks in a batch, where the section says batch=ROWS
    events: SimpleQueue[BatchDone | Waiting | Ended]


class BatchDone(NamedTuple):
    """A batch was committed, with so many rows changed."""

    rows: int


class Waiting(NamedTuple):
    """A worker has got nowhere for so many seconds."""

    worker: Worker
    seconds: float


class Ended(NamedTuple):
    """A worker has ended: nothing was left for it, it was stopped, or this is why."""

    worker: Worker
    error: BaseException | None


class Rewritten(Exception):
    """A table has got another file, and no place in it means what it did."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__(leaf.oid)
        self.leaf = leaf


class Worker(threading.Thread):
    """Takes one range after another until none is left. Its session is its own, and closed when it ends."""

    def __init__(self, number: int, shared: Pass, session: Session) -> None:
        super().__init__(name=f"backfill {number}", daemon=True)
        self.shared = shared
        self.session = session
        budget = session.limits.budget
        self.size = BatchSize(min(TARGET, budget * SHARE), shared.fixed)
        self.stall = Stall(session, shared.plan, shared.step)
        self.retired = False

    def run(self) -> None:
        """The thread: whatever ends it is told to the one who started it."""
        error: BaseException | None = None
        try:
            with told(self.session, self.shared.plan, self.shared.step), self.session.settings(self.shared.step):
                self._work()
        except BaseException as raised:  # noqa: BLE001 - raised again in the main thread
            error = raised
        finally:
            self.session.close()
            self.shared.events.put(Ended(self, error))

    def retire(self) -> None:
        """End after the batch under way; others take what is left."""
        self.retired = True

    def _work(self) -> None:
        while not self.retired and self.shared.valve.passed():
            taken = self.shared.ranges.take(self._split)
            if taken is None:
                return
            try:
                self._go_through(taken)
            finally:
                self.shared.ranges.give_back(taken)

    def _split(self, old: BlockRange, new: BlockRange) -> None:
        self.shared.cursors.split(self.session.connection, old, new)

    def _go_through(self, taken: BlockRange) -> None:
        while taken.next < taken.end and not self.retired and self.shared.valve.passed():
            start, end = taken.next, self.shared.ranges.begin(taken, self.size.places)
            began = self.session.limits.clock()
            try:
                rows = self._batch(taken)
            except RETRIED as error:
                self._take_back(taken)
                self._met(error, taken)
            except BLAMED as error:
                self._take_back(taken)
                row = refused_in_batch(self.session, self.shared.backfill, taken.leaf.name, start, end)
                raise failed(self.shared.plan, self.shared.step, error, row) from None
            else:
                self.shared.ranges.done(taken)
                self._done(start, end, rows, self.session.limits.clock() - began)

    def _batch(self, taken: BlockRange) -> int:
        """Change one range's rows and move its cursor, both or neither. Raises Rewritten, with nothing done."""
        session, connection, shared = self.session, self.session.connection, self.shared
        connection.execute("BEGIN")
        session.lease.guard(connection)
        session.limit(session.limits.budget * LONGEST, lock=ROW_LOCK_TIMEOUT)
        connection.execute("SET LOCAL synchronous_commit = off")
        batch = shared.backfill.rows_sql(taken.next, taken.busy, taken.leaf.name)
        try:
            rows = connection.execute(batch.encode()).rowcount
        except UndefinedTable:
            connection.rollback()
            if not shared.cursors.was_rewritten(connection, taken.leaf):
                raise  # another one than the leaf is missing
            raise Rewritten(taken.leaf) from None
        if shared.cursors.was_rewritten(connection, taken.leaf):
            connection.rollback()
            raise Rewritten(taken.leaf)
        shared.cursors.advance(connection, taken, rows)
        connection.execute("COMMIT")
        return rows

    def _done(self, start: int, end: int, rows: int, seconds: float) -> None:
        self.stall.over()
        if rows or end - start >= LINES or start % LINES == 0:  # else most likely behind the last line of its block
            self.size.took(end - start, seconds)
        self.shared.valve.spend(rows, -(-(end - start) // LINES) * self.shared.block_size)
        self.shared.events.put(BatchDone(rows))

    def _take_back(self, taken: BlockRange) -> None:
        self.session.roll_back()
        self.shared.ranges.undone(taken)

    def _met(self, error: psycopg.Error, taken: BlockRange) -> None:
        self.size.halve()
        seconds = self.stall.met(error, taken)
        if seconds is not None:
            self.shared.events.put(Waiting(self, seconds))
        self.shared.valve.pause(PAUSE)
