"""How large the next batch is: arithmetic without a database."""

from __future__ import annotations

from zdmigrate.plan.step import LINES

FIRST = 16  # blocks
LARGEST = 65_536  # blocks
GROWTH = 1.5
MODEST = 0.1  # of the target: what a batch aims at after it met a lock,
REGAINED = 2.0  # and the seconds of batches that meet none in which that doubles
FULL = 256  # lines: about as many as a block of 8 kB has


class BatchSize:
    """Places in the next batch, so that it takes ``target`` seconds; so many blocks where ``fixed`` is given.

    Whole blocks, or, where one block takes too long (wide values, a slow function), a part of one. Where others want
    the same rows it aims at less: as many of them meet a batch as it is long.
    """

    def __init__(self, target: float, fixed: int | None = None) -> None:
        self.target = self.aim = target
        self.fixed = fixed * LINES if fixed else None
        self.places = self.fixed or FIRST * LINES

    def took(self, places: int, seconds: float) -> None:
        """A batch of so many places was committed in so many seconds; one that a range's end cut short tells less."""
        if places * 2 < self.places:
            return
        ratio = GROWTH
        if self.fixed is None:
            self.aim = min(self.target, self.aim * 2 ** (seconds / REGAINED))
            ratio = min(max(self.aim / max(seconds, 1e-6), 1 / GROWTH), GROWTH)
        self._resize(self.places * ratio)

    def halve(self) -> None:
        """The last batch met a lock, or took too long: smaller ones meet fewer."""
        self.aim = self.target * MODEST
        self._resize(min(self.places, 2 * FULL) / 2 if self.places <= LINES else self.places / 2)

    def _resize(self, places: float) -> None:
        if places >= LINES:
            self.places = min(round(places / LINES) * LINES, self.fixed or LARGEST * LINES)
        elif places > FULL:
            self.places = LINES if self.places < LINES else FULL
        else:
            self.places = max(1, round(places))
