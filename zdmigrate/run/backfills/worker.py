"""One worker of a backfill: a thread with a connection of its own, which goes through ranges batch by batch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import UndefinedTable

from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.batch_size import BatchSize
from zdmigrate.run.backfills.stall import PAUSE, Stall
from zdmigrate.run.refused_row import BLAMED, refused_place, row_at
from zdmigrate.run.session import failed, told
from zdmigrate.run.transactions import RETRIED

if TYPE_CHECKING:
    from queue import SimpleQueue

    import psycopg

    from zdmigrate.plan.step import Backfill, Plan, Step
    from zdmigrate.run.backfills.cursors import Cursors
    from zdmigrate.run.backfills.leaves import Leaf
    from zdmigrate.run.backfills.quarantine import Quarantine
    from zdmigrate.run.backfills.ranges import BlockRange, Ranges
    from zdmigrate.run.backfills.valve import Valve
    from zdmigrate.run.session import Session

TARGET = 0.1  # seconds that a batch should take,
SHARE = 0.5  # or this share of the lock budget, if that is less
LONGEST = 0.95  # of the lock budget: after which a batch is cancelled and halved, whether or not anybody waits for it
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
    quarantine: Quarantine | None  # None: a row that cannot be filled stops the run
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
        self.skipped: set[tuple[int, int]] = set()  # table and place of rows that are left aside

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
                pieces = self._pieces(taken)
                self._take_back(taken)
                self._refused(error, taken.leaf, pieces)
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
        try:
            rows = sum(self._change(taken.leaf, first, end) for first, end in self._pieces(taken))
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

    def _change(self, leaf: Leaf, first: int, end: int) -> int:
        statement = self.shared.backfill.rows_sql(first, end, leaf.name)
        return self.session.connection.execute(statement.encode()).rowcount

    def _pieces(self, taken: BlockRange) -> list[tuple[int, int]]:
        """The batch's places, without those of rows that are left aside."""
        skipped = sorted(
            place for oid, place in self.skipped if oid == taken.leaf.oid and taken.next <= place < taken.busy
        )
        return list(zip([taken.next, *(place + 1 for place in skipped)], [*skipped, taken.busy], strict=True))

    def _refused(self, error: psycopg.Error, leaf: Leaf, pieces: list[tuple[int, int]]) -> None:
        """Leave the row aside that a batch stumbled over, if that is asked for. Raises StepFailed, naming it, else."""
        shared, why = self.shared, ""
        searched = (refused_place(self.session, shared.backfill, leaf.name, *piece) for piece in pieces)
        place = next((place for place in searched if place is not None), None)
        if shared.quarantine is not None and place is not None:
            why = shared.quarantine.take(self.session, leaf.name, place, error)
            if not why:
                self.skipped.add((leaf.oid, place))
                return
        row = "" if place is None else row_at(self.session.connection, shared.backfill, leaf.name, place)
        raise failed(shared.plan, shared.step, error, row, why) from None

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
