"""Linting many files on two processors: a child lints the first half, while this process lints the second.

Reading a file needs no other file; linting it needs the schema that all files before it leave. So the child works
that out first, of all its files, and hands it over, while this process reads. Then each lints what it has read.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from contextlib import contextmanager
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.engine import Linter
    from zdmigrate.sources.change import Change
    from zdmigrate.sources.history import History

AT_ONCE = 2400  # files in both processes: of 2 KB, each takes 42 KB once read
# The child sees its files twice and hands over a schema, and this process should not wait long for that.
CHILD_SHARE = 0.42
SIZE = 8  # bytes, of what tells how long an answer is


def read_all(linter: Linter, files: History) -> None:
    """The same as ``linter.read_all(files)``, and the same errors, sooner where there is a second processor."""
    if not _has_two_processors():
        linter.read_all(files)
        return
    with _without_collection():
        while len(files):
            _read_together(linter, files.first(AT_ONCE))
            files = files.after(AT_ONCE)


def _read_together(linter: Linter, files: History) -> None:
    share = round(len(files) * CHILD_SHARE)
    first, following = files.first(share), files.after(share)
    with _Child(linter.beginning_with(linter.catalog), first) as child:
        read, error = _read(following)
        schema = child.answer()
        if schema is not None and error is not None:  # all files before it could be read
            raise error
        rest = None if schema is None else linter.beginning_with(schema)
        if rest is not None:
            rest.read_all(read)
        found = child.answer()
    if rest is not None and found is not None:
        linter.found.also(found)
        linter.follow(rest)
        return
    linter.read_all(first)  # the child was killed, perhaps for want of memory
    if error is not None:
        raise error
    linter.read_all(read)


def _read(files: History) -> tuple[list[Change], Exception | None]:
    """The files up to the first that cannot be read, and why it cannot."""
    read: list[Change] = []
    try:
        read += files
    except Exception as problem:  # noqa: BLE001 - raised later, unless a file of the child's has an error, too
        return read, problem
    return read, None


def _has_two_processors() -> bool:
    """Whether a fork is to be had, and safe: a thread of this process might hold a lock that the child needs."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


@contextmanager
def _without_collection() -> Iterator[None]:
    """Statements hold no cycles: to look for some among a million objects would take a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what stays is old from now on, and need not be looked through to become it
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class _Child:
    """A fork of this process that lints files, and gone with the block."""

    def __init__(self, linter: Linter, files: History) -> None:
        # Not through the pipe itself: it holds 64 KB, and whoever writes more waits until this process reads.
        self._answers = os.memfd_create("zdmigrate")
        self._read = 0
        self._pipe, told = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            os.close(self._pipe)
            _work(linter, files, self._answers, told)
        os.close(told)

    def __enter__(self) -> _Child:
        return self

    def answer(self) -> Any:
        """The schema that its files leave, then what it found; its error is raised here. None if it was killed."""
        size = int.from_bytes(os.read(self._pipe, SIZE), "big")
        if not size:
            return None
        answer = os.pread(self._answers, size, self._read)
        self._read += size
        value, error = pickle.loads(answer)  # noqa: S301 - from memory that only our own fork could write to
        if error is not None:
            raise error
        return value

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        os.close(self._answers)
        os.kill(self._id, SIGKILL)  # what it may still do is of no use, and waited for its number is its own
        os.waitpid(self._id, 0)


def _work(linter: Linter, files: History, answers: int, pipe: int) -> NoReturn:
    """Never returns: what this process would do at its exit, its parent will."""
    try:
        with open(answers, "wb", buffering=0) as memory:
            for answer in _answers(linter, files):
                size = memory.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
                os.write(pipe, size.to_bytes(SIZE, "big"))
    finally:
        os._exit(0)


def _answers(linter: Linter, files: History) -> Iterator[tuple[Any, Exception | None]]:
    """The schema that the files leave, and what is found in them; or the error that is in one of them."""
    read, error = _read(files)
    if error is not None:
        yield None, error
        return
    yield linter.schema_left_by(read), None
    linter.read_all(read)
    yield linter.found, None
