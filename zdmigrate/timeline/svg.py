"""A history as a picture: releases as bands, a change's phases as bars, verdicts as numbered marks, told below.

It needs nothing from outside, follows the reader's light or dark scheme, and says what every part is on a hover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as escaped
from xml.sax.saxutils import quoteattr

from zdmigrate.timeline.scale import Scale
from zdmigrate.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from zdmigrate.timeline.history import Band, History, Phase
    from zdmigrate.timeline.marks import Mark

WIDTH, GUTTER, MARGIN = 960, 190, 16
ROW, BAR, LINE = 26, 12, 17
LETTER = 6.7  # the width of one, on average
APART = 15  # two numbers may not come closer
LANES = 6

STYLE = """
svg { font: 12px system-ui, sans-serif; background: #fff; }
text { fill: #1f2328; } .soft { fill: #59636e; } .grid { stroke: #d1d9e0; } .head { font-weight: 600; }
.known { fill: none; stroke: #59636e; stroke-dasharray: 3 2; } .lived { fill: #218bff; } .stale { fill: #818b98; }
.expanding { fill: #bf8700; } .expanded { fill: #eac54f; } .contracting { fill: #2da44e; } .reverting { fill: #cf222e; }
.number { fill: #fff; font-size: 9px; font-weight: 600; text-anchor: middle; }
.good { fill: #1a7f37; } .bad { fill: #cf222e; } .plain { fill: #59636e; } .stem { stroke: #818b98; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; } text { fill: #f0f6fc; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; }
  .known { stroke: #9198a1; } .lived { fill: #4493f8; } .stale { fill: #656c76; } .expanded { fill: #5e4a14; }
  .number { fill: #fff; } .good { fill: #238636; } .bad { fill: #da3633; } .plain { fill: #656c76; }
}
"""
LEGEND = (
    *(("known", "registered"), ("lived", "runs"), ("stale", "ran, retired"), ("expanding", "expand and backfill")),
    *(("expanded", "waits for its contract"), ("contracting", "contract"), ("reverting", "revert")),
)


def draw(history: History) -> str:
    """The picture, an SVG document by itself that may also stand inside of a page."""
    return "\n".join(_Picture(history).lines()) + "\n"


class _Picture:
    """Rows from top to bottom; ``y`` is where the next one begins."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.scale = Scale(history.begin, history.end, GUTTER, WIDTH - MARGIN)
        self.numbered = list(enumerate(history.marks, 1))
        self.y = 0.0

    def lines(self) -> Iterator[str]:
        rows = [*self._head(), *self._releases(), *self._changes()]
        axis = list(self._axis())  # before the rows in the file, and so behind them in the picture
        below = [*self._legend(), *self._told()]
        height = self.y + MARGIN
        title = f"Time line of {self.history.app}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="100%"'
            f' style="max-width: {WIDTH}px" role="img" aria-label={quoteattr(shown(title))}>'
        )
        yield f"<title>{escape(title)}</title>"
        yield f"<style>{STYLE}</style>"
        yield from (*axis, *rows, *below)
        yield "</svg>"

    def _head(self) -> Iterator[str]:
        self.y = MARGIN + 14
        yield _text(MARGIN, self.y, self.history.app, "head")
        told = f"{_moment(self.history.begin)} to {_moment(self.history.end)}"
        yield _text(GUTTER, self.y, told, "soft")
        self.y += 10

    def _releases(self) -> Iterator[str]:
        for band in self.history.bands:
            yield from self._band(band)

    def _band(self, band: Band) -> Iterator[str]:
        yield self._name(band.version + ("" if band.registered else " (not registered)"))
        if band.registered:
            told = f"{band.version} is registered since {_moment(band.registered)}"
            yield self._bar("known", band.registered, self.history.end, told)
        for lived in band.lived:
            told = f"instances of {band.version} ran from {_moment(lived.begin)} to {_moment(lived.end)}"
            yield self._bar("stale" if band.retired else "lived", lived.begin, lived.end, told)
        self.y += ROW

    def _changes(self) -> Iterator[str]:
        apart = [(number, mark) for number, mark in self.numbered if mark.change not in self.history.changes]
        if apart:
            yield from self._marks(apart)
        for change in self.history.changes:
            yield from self._marks([(number, mark) for number, mark in self.numbered if mark.change == change])
            yield self._name(change)
            for phase in self.history.phases:
                if phase.change == change:
                    yield self._phase(phase)
            self.y += ROW

    def _phase(self, phase: Phase) -> str:
        until = f"until {_moment(phase.end)}" if phase.end else "still"
        told = f"{phase.change} is {phase.name} from {_moment(phase.begin)}, {until}"
        return self._bar(phase.name, phase.begin, phase.end or self.history.end, told)

    def _marks(self, marks: Sequence[tuple[int, Mark]]) -> Iterator[str]:
        """Numbers above a row, with stems down to it."""
        places = [self.scale.place(mark.at) for _, mark in marks]
        lanes = _lanes(places)
        foot = self.y + (max(lanes, default=-1) + 1) * APART
        for (number, mark), x, lane in zip(marks, places, lanes, strict=True):
            y = foot - lane * APART - APART / 2
            yield f'<line class="stem" x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{foot + 4:.1f}"/>'
            yield (
                f'<g><title>{escape(_sentence(mark))}</title><circle class="{mark.kind}" cx="{x:.1f}" cy="{y:.1f}"'
                f' r="7"/><text class="number" x="{x:.1f}" y="{y + 3:.1f}">{number}</text></g>'
            )
        self.y = foot

    def _axis(self) -> Iterator[str]:
        self.y += 6
        for x, label in self.scale.ticks(8):
            yield f'<line class="grid" x1="{x:.1f}" y1="{MARGIN + 24}" x2="{x:.1f}" y2="{self.y:.1f}"/>'
            yield f'<text class="soft" x="{x:.1f}" y="{self.y + 14:.1f}" text-anchor="middle">{label}</text>'
        self.y += ROW

    def _legend(self) -> Iterator[str]:
        x, self.y = float(MARGIN), self.y + LINE
        for name, words in LEGEND:
            yield f'<rect class="{name}" x="{x:.1f}" y="{self.y - 9:.1f}" width="14" height="9"/>'
            yield _text(x + 19, self.y, words, "soft")
            x += 34 + len(words) * LETTER
        self.y += 8

    def _told(self) -> Iterator[str]:
        for number, mark in self.numbered:
            self.y += LINE
            yield f'<circle class="{mark.kind}" cx="{MARGIN + 7}" cy="{self.y - 4:.1f}" r="7"/>'
            yield f'<text class="number" x="{MARGIN + 7}" y="{self.y - 1:.1f}">{number}</text>'
            room = int((WIDTH - 3 * MARGIN - 14) / LETTER)
            yield _text(MARGIN + 22, self.y, _sentence(mark), "", room)

    def _name(self, text: str) -> str:
        return _text(MARGIN, self.y + 16, text, "", int((GUTTER - 2 * MARGIN) / LETTER))

    def _bar(self, name: str, begin: datetime, end: datetime, told: str) -> str:
        left, right = self.scale.place(begin), self.scale.place(end)
        return (
            f'<rect class="{name}" x="{left:.1f}" y="{self.y + 6:.1f}" width="{max(right - left, 2):.1f}"'
            f' height="{BAR}" rx="2"><title>{escape(told)}</title></rect>'
        )


def escape(text: str) -> str:
    """Text of an element."""
    return escaped(shown(text))


def _lanes(places: Sequence[float]) -> list[int]:
    """A lane for each place, the lowest in which it covers none before it; where all are full, the one left longest."""
    ends: list[float] = []
    lanes = []
    for x in places:
        free = [lane for lane, end in enumerate(ends) if end + APART <= x]
        if not free and len(ends) < LANES:
            ends.append(x)
            free = [len(ends) - 1]
        lane = free[0] if free else ends.index(min(ends))
        ends[lane] = x
        lanes.append(lane)
    return lanes


def _text(x: float, y: float, text: str, name: str, room: int | None = None) -> str:
    """A text, cut where there is no more room, whole on a hover."""
    if room is None or len(text) <= room:
        return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
    cut = f"{text[: max(room - 1, 1)]}…"
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(cut)}<title>{escape(text)}</title></text>'


def _sentence(mark: Mark) -> str:
    change = f"{mark.change}: " if mark.change else ""
    return f"{_moment(mark.at)}  {change}{mark.text}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
