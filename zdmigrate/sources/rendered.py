"""SQL that stands for calls in a file of another language: its places are those of the calls."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sql.lines import Lines

if TYPE_CHECKING:
    from zdmigrate.schema.names import Span

Place = tuple[int, int]  # line and column, both from 1


class Call(NamedTuple):
    """A stretch of the SQL, and where in the file it comes from; ``end_column`` is the one after the last."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


class Rendered(NamedTuple):
    """What a file's calls would send: first what happens, and from ``undone_from`` on what takes it back."""

    text: str
    calls: tuple[Call, ...]
    undone_from: int
    transaction: str  # what the tool puts around it: schema/walk.py

    def lines(self, source: str) -> RenderedLines:
        return RenderedLines(source, self.calls)


class RenderedLines(Lines):
    """The lines of the file, asked for by offsets into the SQL."""

    language = "python"

    def __init__(self, source: str, calls: tuple[Call, ...]) -> None:
        super().__init__(source)
        self._calls = calls

    def position(self, offset: int) -> Place:
        """Where the call begins whose SQL the offset is in; behind that SQL, where the call ends."""
        call = self._call(offset)
        return (call.line, call.column) if offset < call.end else (call.end_line, call.end_column)

    def range(self, span: Span) -> tuple[Place, Place]:
        """All of a call, for any part of its SQL."""
        call = self._call(span.start)
        return (call.line, call.column), (call.end_line, call.end_column)

    def _call(self, offset: int) -> Call:
        number = bisect_right(self._calls, offset, key=lambda call: call.start) - 1
        return self._calls[number] if number >= 0 else Call(0, 0, 1, 1, 1, 1)
