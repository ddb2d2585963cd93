"""A history for a terminal: a line for each release and change, then what was marked, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.timeline.scale import Scale
from zdmigrate.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from zdmigrate.timeline.history import Band, History

WIDTH = 48
LETTERS = {"expanding": "e", "expanded": ".", "contracting": "c", "reverting": "r"}


def render(history: History) -> Iterator[str]:
    """The lines."""
    names = [band.version for band in history.bands] + list(history.changes)
    room = max(map(len, names), default=0)
    yield f"{history.app}, from {_moment(history.begin)} to {_moment(history.end)}"
    yield ""
    for band in history.bands:
        yield f"  {shown(band.version):{room}}  {_band(history, band)}{'  retired' if band.retired else ''}"
    for change in history.changes:
        yield f"  {change:{room}}  {_change(history, change)}"
    yield ""
    yield "  - registered, # runs; e expand, . waits for its contract, c contract, r revert"
    yield ""
    for mark in history.marks:
        yield f"  {_moment(mark.at)}  {f'{mark.change}: ' if mark.change else ''}{shown(mark.text)}"


def _band(history: History, band: Band) -> str:
    line = _Line(history)
    if band.registered:
        line.fill("-", band.registered, history.end)
    for lived in band.lived:
        line.fill("#", lived.begin, lived.end)
    return str(line)


def _change(history: History, change: str) -> str:
    line = _Line(history)
    for phase in history.phases:
        if phase.change == change:
            line.fill(LETTERS[phase.name], phase.begin, phase.end or history.end)
    return str(line)


class _Line:
    """One row of letters, each for a share of the time."""

    def __init__(self, history: History) -> None:
        self.scale = Scale(history.begin, history.end, 0, WIDTH - 1)
        self.letters = [" "] * WIDTH

    def fill(self, letter: str, begin: datetime, end: datetime) -> None:
        left, right = round(self.scale.place(begin)), round(self.scale.place(end))
        self.letters[left : right + 1] = letter * (right - left + 1)

    def __str__(self) -> str:
        return "".join(self.letters)


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
