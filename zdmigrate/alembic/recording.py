"""Listens to what Alembic would send, and finds the line of a revision that asked for it."""

from __future__ import annotations

import contextlib
import linecache
import sys
import traceback

from alembic.ddl.impl import DefaultImpl
from alembic.operations import batch as batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, TypedDict

    class Place(TypedDict):
        """Lines and columns from 1, columns in code points; the end is the place after the last."""

        line: int
        column: int
        end_line: int
        end_column: int

    class Statement(Place):
        """What one call of ``op`` sends, without the semicolon; ``alone`` in an autocommit_block()."""

        sql: str
        alone: bool


class Recorder:
    """Listens to what Alembic would send, and looks up the stack for the revision's own line."""

    def __init__(self, path: str) -> None:
        self.found: list[Statement] = []
        self._path = path
        self._alone = False
        self._later: Place | None = None  # of what a batch of operations kept until its end

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """DefaultImpl hands each statement to static_output; a batch keeps its operations in a list until its end."""
        batch = batches.BatchOperationsImpl.__init__
        with contextlib.ExitStack() as instead:
            for owner, name, own in (
                (DefaultImpl, "static_output", lambda _, text: self.take(text, alone=self._alone)),
                (DefaultImpl, "emit_commit", lambda _: self._leave_transaction(alone=True)),
                (DefaultImpl, "emit_begin", lambda _: self._leave_transaction(alone=False)),
                (batches.BatchOperationsImpl, "__init__", self._batching(batch)),
            ):
                instead.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, own)
            yield

    def line_of(self, error: Exception) -> int:
        """The revision's last line on the way to an error."""
        frames = [line for frame, line in traceback.walk_tb(error.__traceback__) if self._is_own(frame)]
        return frames[-1] if frames else 1

    def take(self, text: str, *, alone: bool) -> None:
        """Keep a statement, with the call that has led to it."""
        sql = text.strip().rstrip(";").rstrip()
        if sql:
            self.found.append({"sql": sql, "alone": alone, **(self._later or self._place())})

    def _leave_transaction(self, *, alone: bool) -> None:
        """Where an autocommit_block() begins and ends."""
        self._alone = alone

    def _batching(self, begin: Callable[..., None]) -> Callable[..., None]:
        def begin_recorded(batch: Any, *words: Any, **named: Any) -> None:
            begin(batch, *words, **named)
            batch.batch = Kept(self)

        return begin_recorded

    def _place(self) -> Place:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self._is_own(frame):
            frame = frame.f_back
        return place_in(frame) if frame else {"line": 1, "column": 1, "end_line": 1, "end_column": 1}

    def _is_own(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename == self._path


class Kept(list):  # type: ignore[type-arg]
    """The operations of a batch, each with the place that asked for it."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._places: list[Place] = []

    def append(self, operation: object) -> None:
        self._places.append(self._recorder._place())
        super().append(operation)

    def __iter__(self) -> Iterator[Any]:
        for place, operation in zip(list(self._places), list.__iter__(self)):  # noqa: B905 - Python 3.9 has no strict
            self._recorder._later = place
            yield operation
        self._recorder._later = None


def place_in(frame: FrameType) -> Place:
    """The call that a frame is in; before Python 3.11 nothing but its line is known."""
    line = frame.f_lineno
    positions = getattr(frame.f_code, "co_positions", None)
    found = list(positions())[frame.f_lasti // 2] if positions else (line, line, None, None)
    start, end, first, last = found
    if start is None or first is None or last is None:
        return {"line": line, "column": 1, "end_line": line, "end_column": 1}
    path, until = frame.f_code.co_filename, end or start
    return {
        "line": start,
        "column": column_of(path, start, first),
        "end_line": until,
        "end_column": column_of(path, until, last),
    }


def column_of(path: str, line: int, offset: int) -> int:
    """Python counts bytes of UTF-8."""
    text = linecache.getline(path, line)
    return len(text.encode()[:offset].decode(errors="replace")) + 1
