"""How fast a backfill goes, and how long it will take: arithmetic without a database."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 30.0  # seconds


class Pace:
    """Rows and blocks a second over the last half minute; at first what earlier runs of the same pass had."""

    def __init__(self, clock: Callable[[], float], rows: int = 0, blocks: int = 0, seconds: float = 0.0) -> None:
        self.clock = clock
        self._earlier = (rows / seconds, blocks / seconds) if seconds else (0.0, 0.0)
        self._samples: deque[tuple[float, int, int]] = deque([(clock(), 0, 0)])

    def add(self, rows: int, blocks: int) -> None:
        """So many rows were changed since the beginning of this run, and so many blocks gone through."""
        now = self.clock()
        self._samples.append((now, rows, blocks))
        while len(self._samples) > 2 and now - self._samples[1][0] > WINDOW:
            self._samples.popleft()

    @property
    def rows(self) -> float:
        """Rows a second; 0 where it is not known yet."""
        return self._of(1)

    def seconds_for(self, blocks: int) -> float | None:
        """How long so many blocks will take at this pace; None where it is not known yet."""
        pace = self._of(2)
        return blocks / pace if pace else None

    def _of(self, kind: int) -> float:
        first, last = self._samples[0], self._samples[-1]
        seconds = last[0] - first[0]
        return (last[kind] - first[kind]) / seconds if seconds > 0 else self._earlier[kind - 1]
