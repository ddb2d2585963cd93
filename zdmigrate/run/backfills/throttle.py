"""What holds a backfill back, all of it together: looked at twice a second, and shut when a look fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from zdmigrate.run.backfills.brakes import Scene
from zdmigrate.run.backfills.brakes.horizon import Horizon
from zdmigrate.run.backfills.brakes.lock_waits import GivingWay, Waiting
from zdmigrate.run.backfills.brakes.replication import Lag, Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.config import Backfill as Settings
    from zdmigrate.run.backfills.brakes import Brake
    from zdmigrate.run.backfills.crew import Crew
    from zdmigrate.run.backfills.valve import Valve
    from zdmigrate.run.session import Session

EVERY = 0.5  # seconds between two looks


class Throttle:
    """Opens and shuts the valve. ``settings`` may be changed while it runs; ``paused`` is why a person shut it."""

    def __init__(self, session: Session, settings: Settings, valve: Valve) -> None:
        self.session, self.settings, self.valve = session, settings, valve
        self.clock = session.limits.clock
        self.brakes: list[Brake] = [Lag(), Slots(), Waiting(), Horizon()]
        self.giving_way = GivingWay(self.clock, session.limits.budget)
        self.paused = ""
        self.reasons: dict[str, str] = {}  # by kind
        self._next = 0.0

    @property
    def word(self) -> str:
        """What holds it back now, for the line that tells how it goes."""
        limits = f"limited to {self._limit()}" if self._limit() else ""
        return "; ".join(self.reasons.values()) or self.giving_way.word() or limits

    @property
    def kinds(self) -> tuple[str, ...]:
        """The same, for who counts it: kinds of ``events.HOLDS``."""
        slowed = {"giving_way": self.giving_way.word(), "limit": self._limit()}
        return tuple(self.reasons) or tuple(kind for kind, word in slowed.items() if word)

    def look(self, crew: Crew, relations: Sequence[int], rows: int) -> None:
        """What is due: at each call for queries that wait for a batch, twice a second for everything else."""
        self.giving_way.look(self.session.connection, crew.pids)
        now = self.clock()
        if now >= self._next:
            self._next = now + EVERY
            self.judge([*crew.pids, self.session.pid, self.session.watcher.info.backend_pid], relations, rows)

    def judge(self, pids: Sequence[int], relations: Sequence[int], rows: int) -> None:
        """Look at everything, and open or shut."""
        scene = Scene(
            self.session.connection, self.settings, self.clock(), relations, pids, rows, self.session.limits.budget
        )
        found = {"person": self.paused, **{brake.kind: self._reason(brake, scene) for brake in self.brakes}}
        self.reasons = {kind: reason for kind, reason in found.items() if reason}
        self.valve.limit(self.settings.max_rows_per_second, self.settings.max_bytes_per_second.bytes)
        self.valve.shut(bool(self.reasons))

    def _reason(self, brake: Brake, scene: Scene) -> str:
        try:
            return brake.reason(scene)
        except psycopg.Error as error:
            if scene.connection.broken:
                raise
            return f"cannot look at {brake.kind.replace('_', ' ')}: {error.diag.message_primary or error}"

    def _limit(self) -> str:
        rows, size = self.settings.max_rows_per_second, self.settings.max_bytes_per_second
        limits = [f"{rows} rows/s" if rows else "", f"{size}/s" if size.bytes else ""]
        return " and ".join(filter(None, limits))
