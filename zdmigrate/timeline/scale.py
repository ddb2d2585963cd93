"""Moments as places on a line, and the round times that are written below it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
STEPS = (
    *(1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY),
    *(182 * _DAY, 364 * _DAY, 728 * _DAY),
)


class Scale(NamedTuple):
    """``begin`` lies at ``left``, ``end`` at ``right``."""

    begin: datetime
    end: datetime
    left: float
    right: float

    def place(self, at: datetime) -> float:
        """Where a moment lies; one from outside lies at the nearer end."""
        whole = (self.end - self.begin).total_seconds() or 1.0
        share = (at - self.begin).total_seconds() / whole
        return self.left + (self.right - self.left) * min(1.0, max(0.0, share))

    def ticks(self, most: int) -> Iterator[tuple[float, str]]:
        """At most so many round moments, in local time, with their places."""
        whole = (self.end - self.begin).total_seconds()
        step = next((step for step in STEPS if whole / step <= most), STEPS[-1])
        midnight = self.begin.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        first = -(-(self.begin - midnight).total_seconds() // step)
        at = midnight + timedelta(seconds=first * step)
        while at <= self.end:
            yield self.place(at), _label(at, step)
            at += timedelta(seconds=step)


def _label(at: datetime, step: int) -> str:
    if step >= _DAY:
        return f"{at:%Y-%m-%d}"
    return f"{at:%H:%M:%S}" if step < _MINUTE else f"{at:%H:%M}"
