"""Line and column of an offset: lines end with LF, CRLF or a lone CR; a column is a code point, a tab included."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zdmigrate.schema.names import Span

_LINE_END = re.compile(r"\r\n?|\n")


def _starts(text: str) -> list[int]:
    if "\r" in text:
        return [0, *(end.end() for end in _LINE_END.finditer(text))]
    *lines, _ = text.split("\n")  # most files: in a third of the time
    return list(accumulate((len(line) + 1 for line in lines), initial=0))


class Lines:
    """The lines of a file's text."""

    language = "sql"

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = _starts(text)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1; a byte order mark at the start of the file takes no column."""
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        if line == 1 and offset > 0 and self._text.startswith("\ufeff"):
            column -= 1
        return line, column

    def range(self, span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where a stretch begins and ends."""
        return self.position(span.start), self.position(span.end)

    def text_of(self, line: int) -> str:
        """The line's text without its end and without the byte order mark."""
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return self._text[start:end].rstrip("\r\n").removeprefix("\ufeff")
