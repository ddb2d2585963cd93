"""Looks on while workers work, in the main thread: how far they are, how fast, and what is to be told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.run.backfills.pace import Pace
from zdmigrate.run.backfills.tuning import read_tuning, stopped
from zdmigrate.run.events import BackfillProgress

if TYPE_CHECKING:
    from zdmigrate.config import Backfill as Settings
    from zdmigrate.plan.step import Step
    from zdmigrate.run.backfills.crew import Crew
    from zdmigrate.run.backfills.cursors import Cursors, Stand
    from zdmigrate.run.backfills.ranges import Ranges
    from zdmigrate.run.backfills.throttle import Throttle
    from zdmigrate.run.session import Session

NOTE_EVERY = 1.0  # seconds between two words in the ledger


class Foreman:
    """One for all passes of a backfill. ``rows`` are those changed in this run."""

    def __init__(self, session: Session, settings: Settings, step: Step, cursors: Cursors, throttle: Throttle) -> None:
        self.session, self.settings, self.step, self.cursors = session, settings, step, cursors
        self.throttle = throttle
        self.clock = session.limits.clock
        self.rows = 0
        self.told = ""
        self.aside = 0

    def begin(self, stand: Stand, ranges: Ranges) -> None:
        """A pass begins, or goes on from where the ledger says that it stands."""
        self.stand, self.ranges = stand, ranges
        self.relations = sorted({each.leaf.oid for each in ranges.ranges})
        self.tune()
        self.throttle.judge([self.session.pid], self.relations, self.rows)
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
        """What is due by now. Raises Interrupted where a person has stopped the run."""
        self.throttle.look(crew, self.relations, self.rows)
        if self.throttle.word != self.told:
            self.told = self.throttle.word
            self.session.listener.progress(self.step, self._progress())
        if self.clock() - self.noted >= NOTE_EVERY:
            self.tune()
            crew.wanted = self.throttle.settings.workers
            self.note(crew)

    def tune(self) -> None:
        """Take over what a person has changed meanwhile."""
        key = self.cursors.key
        tuning = read_tuning(self.session.connection, str(key["app"]), str(key["change"]))
        if tuning.stop_token == self.session.lease.token:
            raise stopped(str(key["change"]), tuning)
        paused = f"paused by {tuning.paused}; zdmigrate tune {key['change']} --resume" if tuning.paused else ""
        self.throttle.settings, self.throttle.paused = tuning.applied(self.settings), paused

    def note(self, crew: Crew) -> None:
        """Write down how it goes, for others to read and for the next run to reckon with."""
        self.noted = self.clock()
        seconds = self.stand.seconds + self.noted - self.begun
        self.aside = self.cursors.note(self.session.connection, seconds, len(crew.workers), self.throttle.word)
        self.session.listener.progress(self.step, self._progress())

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
            throttle=self.throttle.word,
            held_by=self.throttle.kinds,
            aside=self.aside,
        )
