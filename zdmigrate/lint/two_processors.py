"""Linting many files on two processors: a child lints those in the middle, while this process lints the others.

Reading a file needs no other file; linting it needs the schema that all files before it leave. So whoever has read
some follows their schema first, hands it over, and lints them while the other one goes on from there.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, NoReturn

from zdmigrate.schema.handover import heard, told
from zdmigrate.sql.grammar import expect_many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.engine import Linter
    from zdmigrate.schema.handover import Told
    from zdmigrate.sources.change import Change
    from zdmigrate.sources.history import History

AT_ONCE = 2400  # files in both processes: of 2 KB, each takes 42 KB once read, and 28 KB once its schema is followed
# Linting the opening gives this process something to do until the child has read and followed the middle; and the two
# parts together take as long as the middle does.
OPENING, MIDDLE = 0.235, 0.495
SIZE = 8  # bytes, of what tells how long an answer is


def read_all(linter: Linter, files: History) -> None:
    """The same as ``linter.read_all(files)``, and the same errors, sooner where there is a second processor."""
    expect_many()
    if not _has_two_processors():
        linter.read_all(files)
        return
    with _without_collection():
        while len(files):
            read = _read_together(linter, files.first(AT_ONCE))
            files = files.after(AT_ONCE)
        _leave_to_collection(linter, read)


def _read_together(linter: Linter, files: History) -> tuple[object, ...]:
    """Returns what it has read, which takes its time to be let go of."""
    opening, middle, following = _parts(files)
    with _Child(linter.beginning_with(linter.catalog), middle) as child:
        begun = _read_opening(linter, opening, child)
        read, error = _read(following)
        left = child.answer()
        if left is not None and error is not None:  # all files before it could be read
            raise error
        rest = None if left is None else linter.beginning_with(heard(left, linter.catalog))
        if rest is not None:
            rest.read_all(read)
        found = child.answer()
    if rest is not None and found is not None:
        linter.found.also(found)
        linter.follow(rest)
        return begun, rest, read
    linter.read_all(middle)  # the child was killed, perhaps for want of memory
    if error is not None:
        raise error
    linter.read_all(read)
    return begun, read


def _parts(files: History) -> tuple[History, History, History]:
    opening, middle = round(len(files) * OPENING), round(len(files) * MIDDLE)
    return files.first(opening), files.after(opening).first(middle), files.after(opening + middle)


def _read_opening(linter: Linter, opening: History, child: _Child) -> tuple[object, ...]:
    """The same as ``linter.read_all(opening)``; the child is told the schema as soon as it is known.

    Returns what it has read.
    """
    read = list(opening)
    ahead = linter.beginning_with(linter.catalog)
    child.tell(told(ahead.schema_left_by(read), linter.catalog))
    ahead.read_all(read)
    linter.follow(ahead)
    return ahead, read


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


def _leave_to_collection(*what: object) -> None:
    """Let go of it in a circle: a million objects are freed in 40 ms, and most processes end before they have to."""
    circle: list[object] = [*what]
    circle.append(circle)


class _Post:
    """Values on their way from one process to another.

    They are in memory that both see, and a pipe says how long each is. Not through the pipe itself: it holds 64 KB, and
    whoever writes more waits until the other one reads.
    """

    def __init__(self) -> None:
        self._memory = os.memfd_create("zdmigrate")
        self._at = 0
        self._end, self._beginning = os.pipe()

    def only_send(self) -> None:
        """In this process; the other one receives."""
        os.close(self._end)
        self._mine = self._beginning

    def only_receive(self) -> None:
        """In this process, which would wait for itself if it could send as well."""
        os.close(self._beginning)
        self._mine = self._end

    def send(self, value: object) -> None:
        """BrokenPipeError where nobody is left to receive it."""
        size = os.pwrite(self._memory, pickle.dumps(value, pickle.HIGHEST_PROTOCOL), self._at)
        self._at += size
        os.write(self._mine, size.to_bytes(SIZE, "big"))

    def receive(self) -> Any:
        """The next value, once it is sent; None where nobody is left to send one."""
        size = int.from_bytes(os.read(self._mine, SIZE), "big")
        if not size:
            return None
        value = pickle.loads(os.pread(self._memory, size, self._at))  # noqa: S301 - only our own fork could write it
        self._at += size
        return value

    def close(self) -> None:
        os.close(self._memory)
        os.close(self._mine)


class _Child:
    """A fork of this process that lints files, and gone with the block."""

    def __init__(self, linter: Linter, files: History) -> None:
        self._answers, self._schema = _Post(), _Post()
        self._id = os.fork()
        if self._id == 0:
            self._answers.only_send()
            self._schema.only_receive()
            _work(linter, files, self._schema, self._answers)
        self._answers.only_receive()
        self._schema.only_send()

    def __enter__(self) -> _Child:
        return self

    def tell(self, schema: Told) -> None:
        """The schema in which its files begin, told from the one that its linter began with."""
        with suppress(BrokenPipeError):  # it was killed, which its answer will tell
            self._schema.send(schema)

    def answer(self) -> Any:
        """What its files did to the schema, then what it found; its error is raised here. None if it was killed."""
        answer = self._answers.receive()
        if answer is None:
            return None
        value, error = answer
        if error is not None:
            raise error
        return value

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._schema.close()
        os.kill(self._id, SIGKILL)  # what it may still do is of no use, and waited for its number is its own
        os.waitpid(self._id, 0)


def _work(linter: Linter, files: History, schema: _Post, answers: _Post) -> NoReturn:
    """Never returns: what this process would do at its exit, its parent will."""
    try:
        for answer in _answers(linter, files, schema):
            answers.send(answer)
    finally:
        os._exit(0)


def _answers(linter: Linter, files: History, schema: _Post) -> Iterator[tuple[Any, Exception | None]]:
    """What the files do to the schema, and what is found in them; or the error that is in one of them."""
    read, error = _read(files)
    if error is not None:
        yield None, error
        return
    before = linter.catalog = heard(schema.receive(), linter.catalog)
    yield told(linter.schema_left_by(read), before), None
    linter.read_all(read)
    yield linter.found, None
