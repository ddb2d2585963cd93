"""How large the next batch is, and how fast the backfill goes: arithmetic without a database."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = 16  # blocks
LARGEST = 65_536
GROWTH = 1.5


class BatchSize:
    """Blocks in the next batch, so that it takes ``target`` seconds; a fixed size where ``fixed`` is given."""

    def __init__(self, target: float, fixed: int | None = None) -> None:
        self.target = target
        self.fixed = fixed
        self.blocks = fixed or FIRST

    def took(self, seconds: float) -> None:
        """The last batch was committed in so many seconds."""
        if self.fixed is None:
            ratio = min(max(self.target / max(seconds, 1e-6), 1 / GROWTH), GROWTH)
            self.blocks = min(max(1, round(self.blocks * ratio)), LARGEST)
        else:
            self.blocks = min(self.fixed, max(self.blocks + 1, round(self.blocks * GROWTH)))

    def halve(self) -> None:
        """The last batch met a lock: smaller ones meet fewer."""
        self.blocks = max(1, self.blocks // 2)


class Rate:
    """Rows and blocks a second, over the last thirty batches."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._batches: deque[tuple[float, int, int]] = deque(maxlen=30)

    def add(self, rows: int, block: int) -> None:
        """A batch has ended at ``block``, with so many rows changed."""
        self._batches.append((self.clock(), rows, block))

    @property
    def rows(self) -> float:
        """Rows a second, 0 before the second batch."""
        seconds = self._seconds()
        return sum(rows for _, rows, _ in list(self._batches)[1:]) / seconds if seconds else 0.0

    def seconds_for(self, blocks: int) -> float | None:
        """How long so many blocks will take at the present pace; None where it is not known yet."""
        seconds = self._seconds()
        passed = self._batches[-1][2] - self._batches[0][2] if seconds else 0
        return blocks * seconds / passed if passed > 0 else None

    def _seconds(self) -> float:
        return self._batches[-1][0] - self._batches[0][0] if len(self._batches) > 1 else 0.0
