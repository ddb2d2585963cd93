"""Where statements and lines end in a file, so that new statements go in as a person would write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

_GAP = re.compile(r"[ \t\f\v]*")
_BRACKETS = ("+goose Statement", "+migrate Statement")


class Layout:
    """A file's lines as they are: their ends, their indentation, the comments behind statements."""

    def __init__(self, change: Change) -> None:
        self._text = change.text
        self._comments = change.script.comments
        self._ends = {comment.span.start: comment.span.end for comment in change.script.comments}
        self._line_end = "\r\n" if "\r\n" in change.text else "\n"

    def above(self, statement: Statement, new: Sequence[str]) -> Edit:
        """New statements before one."""
        self._must_not_be_bracketed(statement)
        start = statement.span.start
        return Edit(start, start, "".join(f"{one};{self._line_end}{self._indentation(start)}" for one in new))

    def below(self, statement: Statement, new: Sequence[str]) -> Edit:
        """New statements after one, and after the comment behind it; a missing semicolon comes before that."""
        self._must_not_be_bracketed(statement)
        end, is_ended = self._end(statement)
        at = self._end_of_line(end) if is_ended else end
        line = self._line_end + self._indentation(statement.span.start)
        return Edit(at, at, ("" if is_ended else ";") + "".join(f"{line}{one};" for one in new))

    def without(self, statement: Statement) -> Edit:
        """Nothing instead of a statement and its semicolon, and where it has its lines to itself, of these."""
        start, (end, _) = statement.span.start, self._end(statement)
        rest = _GAP.match(self._text, end)
        at = rest.end() if rest else end
        line_start = start - len(self._indentation(start))
        if self._text.startswith(("\r", "\n"), at) and self._starts_line(line_start):
            return Edit(line_start, at + (2 if self._text.startswith("\r\n", at) else 1), "")
        return Edit(start, end, "")

    def end(self, statement: Statement) -> int:
        """The offset behind its semicolon."""
        return self._end(statement)[0]

    def _end(self, statement: Statement) -> tuple[int, bool]:
        """The offset behind its semicolon; without one, at the file's end, its own end and False."""
        at = statement.span.end
        while at < len(self._text) and (at in self._ends or self._text[at].isspace()):
            at = self._ends.get(at, at + 1)
        if self._text.startswith(";", at):
            return at + 1, True
        if at < len(self._text):
            raise RefusedError("no semicolon ends the statement")
        return statement.span.end, False

    def _end_of_line(self, offset: int) -> int:
        """The end of the line, where nothing but comments follow; else the offset itself."""
        end = at = offset
        while at < len(self._text) and self._text[at] not in "\r\n":
            if at in self._ends and "\n" not in self._text[at : self._ends[at]]:
                end = at = self._ends[at]
            elif self._text[at] in " \t\f\v":
                at += 1
            else:
                return offset
        return end

    def _indentation(self, offset: int) -> str:
        """The white space from the start of the line to the offset; none where something else stands there."""
        before = self._text[:offset]
        blank = before[len(before.rstrip(" \t")) :]
        return blank if self._starts_line(offset - len(blank)) else ""

    def _starts_line(self, offset: int) -> bool:
        return self._text[:offset].removeprefix("\ufeff")[-1:] in ("", "\r", "\n")

    def _must_not_be_bracketed(self, statement: Statement) -> None:
        """RefusedError between the comments with which goose and sql-migrate send several statements as one."""
        marks = [
            comment.text
            for comment in self._comments
            if comment.span.start < statement.span.start and comment.text.startswith(_BRACKETS)
        ]
        if marks and marks[-1].endswith("Begin"):
            raise RefusedError("it stands between StatementBegin and StatementEnd: take it out of them")
