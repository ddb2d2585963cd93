"""The demo as a user runs it: a process of its own, whose output is read while it goes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LIMIT = 120  # seconds, for a machine that does much else


class Demo:
    """``said`` is everything that it has written so far, stdout and stderr in order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def read_to(self, words: str) -> None:
        """Until it has written ``words``; fails when it ends before."""
        assert self.process.stdout is not None
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, f"it ended without a word of {words!r}:\n{self.said}"
            self.said += line

    def end(self, how: signal.Signals | None = None) -> int:
        """Its exit code, after the signal ``how``."""
        if how is not None:
            self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=LIMIT)
        self.said += rest
        return self.process.returncode

    @property
    def port(self) -> int:
        found = re.search(r"@127\.0\.0\.1:(\d+)/shop", self.said)
        assert found is not None
        return int(found[1])


@contextmanager
def demo(*arguments: str, **variables: str) -> Iterator[Demo]:
    """``zdmigrate demo``, with its files in a folder that ``TMPDIR`` may name."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zdmigrate.cli.main", "demo", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield Demo(process)
    finally:
        process.kill()
        process.communicate()


def processes_with(words: str) -> list[str]:
    """Command lines of the processes that have ``words`` in theirs, zombies left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if words in line:
            found.append(line)
    return found


def gone(words: str) -> bool:
    """Whether no such process is left; the last ones get a moment to end."""
    deadline = time.monotonic() + 10
    while left := processes_with(words):
        if time.monotonic() > deadline:
            raise AssertionError(f"still there: {left}")
        time.sleep(0.05)
    return True
