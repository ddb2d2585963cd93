"""How long a lock is asked for, and when: the arithmetic of look, then ask, without a database in it."""

from __future__ import annotations

SHORTEST_LOOK = 0.010
LONGEST_LOOK = 0.050
FIRST_PATIENCE = 0.010
DOUBLES_EVERY = 1.0  # seconds in which only short transactions were in the way


class Patience:
    """Starts at 10 ms and doubles with each second of failed asking, up to the lock budget. All in seconds.

    ``seconds`` is both how long a holder may have been there for us to still ask, and how long an asking lasts:
    everybody who comes after us waits as long as we do.
    """

    def __init__(self, budget: float, now: float) -> None:
        self.budget = budget
        self.seconds = min(FIRST_PATIENCE, budget)
        self.pause = SHORTEST_LOOK
        self._short_since = now

    def too_old(self, ages: list[float]) -> bool:
        """Whether somebody has been there for longer than we are willing to make others wait."""
        return any(age > self.seconds for age in ages)

    def wait(self, now: float) -> float:
        """Somebody with a long transaction is in the way: how long to sleep before the next look."""
        self._short_since = now
        pause, self.pause = self.pause, min(self.pause * 1.25, LONGEST_LOOK)
        return pause

    def failed(self, now: float) -> float:
        """Only short transactions were in the way and the asking failed: how long to let them run."""
        self.pause = SHORTEST_LOOK
        if now - self._short_since >= DOUBLES_EVERY:
            self.seconds = min(self.seconds * 2, self.budget)
            self._short_since = now
        return self.seconds  # as long as they were made to wait
