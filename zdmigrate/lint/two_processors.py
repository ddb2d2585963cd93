"""Linting many files on two processors: a child lints the first, while this process reads those that follow.

Reading a file needs no other file; linting it needs the schema that all files before it leave. So the child hands
over that schema with its findings, and what was read meanwhile is linted here.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zdmigrate.lint.engine import Linter
    from zdmigrate.sources.change import Change
    from zdmigrate.sources.history import History

# The two are ready at once when child_share * (reading + linting) = (1 - child_share) * reading, and reading takes
# a little longer than linting.
CHILD_SHARE = 0.36
MOST_READ_AHEAD = 1300  # files: of 2 KB, each takes 65 KB once read


def read_all(linter: Linter, files: History) -> None:
    """The same as ``linter.read_all(files)``, and the same errors, sooner where there is a second processor."""
    if not _has_two_processors():
        linter.read_all(files)
        return
    ahead = min(round(len(files) * (1 - CHILD_SHARE)), MOST_READ_AHEAD)
    first, following = files.first(len(files) - ahead), files.after(len(files) - ahead)
    with _without_collection(), _Child(linter, first) as child:
        read: list[Change] = []
        error = None
        try:
            read += following
        except Exception as problem:  # noqa: BLE001 - raised below, unless a file before it has an error, too
            error = problem
        progress = child.progress()
        if progress is None:  # it was killed, perhaps for want of memory
            linter.read_all(first)
        else:
            linter.progress = progress
        if error is not None:
            raise error
        linter.read_all(read)


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
            gc.enable()


class _Child:
    """A fork of this process that lints files, and gone with the block."""

    def __init__(self, linter: Linter, files: History) -> None:
        self._pipe, answer = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            os.close(self._pipe)
            _work(linter, files, answer)
        os.close(answer)

    def __enter__(self) -> _Child:
        return self

    def progress(self) -> Mapping[str, Any] | None:
        """What the child's linter knows by now; the error that stopped it is raised here. None without an answer."""
        with open(self._pipe, "rb", closefd=False) as pipe:
            answer = pipe.read()
        if not answer:
            return None
        progress, error = pickle.loads(answer)  # noqa: S301 - from a pipe that only our own fork could write
        if error is not None:
            raise error
        result: Mapping[str, Any] = progress
        return result

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)  # a child that still writes is ended by it
        os.waitpid(self._id, 0)


def _work(linter: Linter, files: History, answer: int) -> NoReturn:
    """Never returns: what this process would do at its exit, its parent will."""
    try:
        error = None
        try:
            linter.read_all(files)
        except Exception as problem:  # noqa: BLE001 - the parent raises it
            error = problem
        with open(answer, "wb") as pipe:
            pickle.dump((None if error else linter.progress, error), pipe, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)
