"""The ranges that are left to do, shared out to workers: whoever has none takes half of the longest."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from zdmigrate.plan.step import LINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.run.backfills.leaves import Leaf

LEAST = 32  # blocks that a range must have left to be halved
SMALLEST_ROW = 28  # bytes, its line pointer included (MaxHeapTuplesPerPage): no block has more lines than this allows


class BlockRange:
    """Rows of one leaf from place ``next`` to before ``end``; ``busy`` is where the batch under way ends."""

    __slots__ = ("busy", "end", "leaf", "next", "number", "taken")

    def __init__(self, number: int, leaf: Leaf, next_place: int, end: int) -> None:
        self.number = number
        self.leaf = leaf
        self.next = self.busy = next_place
        self.end = end
        self.taken = False

    @property
    def left(self) -> int:
        """Places that no batch has begun."""
        return self.end - self.busy


class Ranges:
    """The ranges of one pass. What the ledger has of them is changed first, by ``split``."""

    def __init__(self, ranges: list[BlockRange], block_size: int = 8192) -> None:
        self.ranges = ranges
        self.lines = block_size // SMALLEST_ROW
        self._lock = threading.Lock()

    def take(self, split: Callable[[BlockRange, BlockRange], None]) -> BlockRange | None:
        """The longest range that nobody has, else the second half of the longest; None where nothing is worth it.

        ``split(old, new)`` writes both halves down before another worker sees them.
        """
        with self._lock:
            free = [each for each in self.ranges if not each.taken and each.left]
            found = max(free, key=lambda each: each.left) if free else self._half(split)
            if found is not None:
                found.taken = True
            return found

    def begin(self, taken: BlockRange, places: int) -> int:
        """Where a batch of so many places ends: no other worker gets what is before that."""
        with self._lock:
            taken.busy = min(self._batch_end(taken.next, places), taken.end)
            return taken.busy

    def done(self, taken: BlockRange) -> None:
        """The batch under way was committed."""
        with self._lock:
            taken.next = taken.busy

    def undone(self, taken: BlockRange) -> None:
        """The batch under way was rolled back."""
        with self._lock:
            taken.busy = taken.next

    def give_back(self, taken: BlockRange) -> None:
        """For another worker to take, if anything is left of it."""
        with self._lock:
            taken.busy, taken.taken = taken.next, False

    @property
    def blocks_left(self) -> int:
        """Blocks that are not committed yet."""
        with self._lock:
            return sum(-(-(each.end - each.next) // LINES) for each in self.ranges)

    def _batch_end(self, start: int, places: int) -> int:
        """A whole number of blocks on, or a part of one block."""
        block, line = divmod(start, LINES)
        if places < LINES and line + places <= self.lines:
            return start + places
        return (block + max(places // LINES, 1)) * LINES

    def _half(self, split: Callable[[BlockRange, BlockRange], None]) -> BlockRange | None:
        longest = max(self.ranges, key=lambda each: each.left, default=None)
        if longest is None or longest.left < LEAST * LINES:
            return None
        middle = (longest.busy + longest.left // 2) // LINES * LINES
        number = max(each.number for each in self.ranges) + 1
        half = BlockRange(number, longest.leaf, middle, longest.end)
        split(longest, half)
        longest.end = middle
        self.ranges.append(half)
        return half
