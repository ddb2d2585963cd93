"""What a worker passes before each batch: shut while it is throttled, slow where rows or bytes are limited."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BURST = 0.5  # seconds' worth that may be spent at once after a pause


class Valve:
    """One for all workers of a backfill. ``stop`` lets everybody out: no batch is begun after it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.rows_limit = 0.0  # a second; 0: none
        self.bytes_limit = 0.0
        self._changed = threading.Condition()
        self._shut = False
        self._stopped = False
        self._free_at = clock()  # when what was spent so far has been allowed for

    @property
    def stopped(self) -> bool:
        return self._stopped

    def shut(self, shut: bool) -> None:
        """Let no worker begin a batch, or let them all."""
        with self._changed:
            self._shut = shut
            self._changed.notify_all()

    def begin(self) -> None:
        """Another pass: what stopped the last one is over."""
        self._stopped = False

    def stop(self) -> None:
        """Let every worker end after the batch that it is in."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def limit(self, rows: float, size: float) -> None:
        """Rows and bytes a second for all workers together; 0 for no limit."""
        with self._changed:
            self.rows_limit, self.bytes_limit = rows, size
            self._changed.notify_all()

    def spend(self, rows: int, size: int) -> None:
        """A batch changed so many rows, in blocks of so many bytes."""
        with self._changed:
            seconds = max(
                rows / self.rows_limit if self.rows_limit else 0.0,
                size / self.bytes_limit if self.bytes_limit else 0.0,
            )
            self._free_at = max(self._free_at, self.clock() - BURST) + seconds

    def passed(self) -> bool:
        """Wait until the next batch may begin; False when there shall be none."""
        with self._changed:
            while not self._stopped:
                wait = self._free_at - self.clock() if self.rows_limit or self.bytes_limit else 0.0
                if not self._shut and wait <= 0:
                    return True
                self._changed.wait(wait if wait > 0 and not self._shut else None)
            return False

    def pause(self, seconds: float) -> None:
        """Wait that long, or until the stop."""
        with self._changed:
            if not self._stopped:
                self._changed.wait(seconds)
