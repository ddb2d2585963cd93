"""The workers of one pass: hired, let go, and waited for, all from the main thread."""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError
from zdmigrate.run.backfills.ranges import LEAST
from zdmigrate.run.backfills.worker import BatchDone, Ended, Waiting, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.run.backfills.worker import Pass
    from zdmigrate.run.session import Session

TICK = 0.010  # seconds between two looks at what goes on
AGAIN = 10.0  # seconds after which a worker is hired in place of one that met locks


class Crew:
    """As many workers as are wanted and find something to do. ``on_batch`` hears of each batch's rows."""

    def __init__(self, session: Session, shared: Pass, wanted: int, on_batch: Callable[[int], None]) -> None:
        self.session = session
        self.shared = shared
        self.wanted = wanted
        self.on_batch = on_batch
        self.workers: list[Worker] = []
        self.hired = 0
        self.hires_again: float | None = 0.0  # when another one may be hired; None: there is nothing for one
        self.failure: BaseException | None = None

    def run(self, tick: Callable[[Crew], None]) -> None:
        """Until nothing is left. ``tick`` is called every hundredth of a second, and may raise to stop it all.

        Raises what a worker raised, and KeyboardInterrupt, once every worker has ended the batch that it was in.
        """
        self.shared.valve.begin()
        try:
            self._hire()
            while self.workers:
                self._hear()
                tick(self)
                self._hire()
        finally:
            self._dismiss()
        if self.failure is not None:
            raise self.failure

    @property
    def pids(self) -> list[int]:
        """The workers' backends."""
        return [worker.session.pid for worker in self.workers]

    def _hire(self) -> None:
        """Bring the workers to the number wanted, but no more than find something worth while."""
        useful = max(1, min(self.wanted, self.shared.ranges.blocks_left // LEAST))
        for surplus in self.workers[self.wanted :]:
            surplus.retire()
        while len(self.workers) < useful and self._may_hire():
            try:
                session = self.session.another()
            except DatabaseError as error:
                if not self.workers:
                    raise
                self.session.listener.note(f"going on with {len(self.workers)} of {self.wanted} workers: {error}")
                self.wanted = len(self.workers)
                return
            self.hired += 1
            self.workers.append(Worker(self.hired, self.shared, session))
            self.workers[-1].start()

    def _may_hire(self) -> bool:
        return (
            not self.shared.valve.stopped
            and self.hires_again is not None
            and self.session.limits.clock() >= self.hires_again
        )

    def _hear(self) -> None:
        try:
            event = self.shared.events.get(timeout=TICK)
            while True:
                self._handle(event)
                event = self.shared.events.get_nowait()
        except Empty:
            return

    def _handle(self, event: BatchDone | Waiting | Ended) -> None:
        match event:
            case BatchDone():
                self.on_batch(event.rows)
            case Waiting():
                self._met_locks(event)
            case Ended():
                self._ended(event)

    def _met_locks(self, event: Waiting) -> None:
        """Say so; and where others work, let this one go: it may be they who are in its way, by a trigger's rows."""
        self.session.listener.waiting(self.shared.step, event.worker.stall.blockers(), event.seconds)
        if len(self.workers) > 1:
            event.worker.retire()
            self.hires_again = self.session.limits.clock() + AGAIN

    def _ended(self, event: Ended) -> None:
        event.worker.join()
        self.workers.remove(event.worker)
        if event.error is not None:
            self.failure = self.failure or event.error
            self.shared.valve.stop()
        elif not event.worker.retired:
            self.hires_again = None

    def _dismiss(self) -> None:
        self.shared.valve.stop()
        for worker in self.workers:
            worker.join()
        while not self.shared.events.empty():
            event = self.shared.events.get_nowait()
            if isinstance(event, BatchDone):
                self.on_batch(event.rows)
