"""Looks on while workers work, in the main thread: how far they are, how fast, and what is to be told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.run.backfills.pace import Pace
from zdmigrate.run.events import BackfillProgress

if TYPE_CHECKING:
    from zdmigrate.plan.step import Step
    from zdmigrate.run.backfills.crew import Crew
    from zdmigrate.run.backfills.cursors import Cursors, Stand
    from zdmigrate.run.backfills.ranges import Ranges
    from zdmigrate.run.session import Session

NOTE_EVERY = 1.0  # seconds between two words in the ledger


class Foreman:
    """One for all passes of a backfill. ``rows`` are those changed in this run."""

    def __init__(self, session: Session, step: Step, cursors: Cursors) -> None:
        self.session, self.step, self.cursors = session, step, cursors
        self.clock = session.limits.clock
        self.rows = 0
        self.throttle = ""

    def begin(self, stand: Stand, ranges: Ranges) -> None:
        """A pass begins, or goes on from where the ledger says that it stands."""
        self.stand, self.ranges = stand, ranges
        self.begun = self.noted = self.clock()
        self.rows_before = self.rows
        self.blocks_before = stand.blocks - ranges.blocks_left
        self.pace = Pace(self.clock, stand.rows, self.blocks_before, stand.seconds)

    def changed(self, rows: int) -> None:
        """A batch changed so many rows."""
        self.rows += rows
        self.pace.add(self.rows - self.rows_before, self.stand.blocks - self.ranges.blocks_left)
        self.session.listener.progress(self.step, self._progress())

    def tick(self, crew: Crew) -> None:
        """What is due by now."""
        if self.clock() - self.noted >= NOTE_EVERY:
            self.note(crew)

    def note(self, crew: Crew) -> None:
        """Write down how it goes, for others to read and for the next run to reckon with."""
        self.noted = self.clock()
        seconds = self.stand.seconds + self.noted - self.begun
        self.cursors.note(self.session.connection, seconds, len(crew.workers), self.throttle)

    def _progress(self) -> BackfillProgress:
        left = self.ranges.blocks_left
        return BackfillProgress(
            relation=str(self.cursors.backfill.table),
            done=self.stand.blocks - left,
            total=self.stand.blocks,
            rows=self.stand.rows + self.rows - self.rows_before,
            rate=self.pace.rows,
            seconds_left=self.pace.seconds_for(left),
            pass_number=self.stand.pass_number,
        )
