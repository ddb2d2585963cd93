"""A command that prints the versions that run: JSON, or one a line. Its words are a list; no shell is asked."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.live.answers import read_answer, read_lines
from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings
    from zdmigrate.live.sighting import Seen


@dataclass(frozen=True, slots=True)
class Command:
    """``argv`` is run anew at each look. What it prints counts only if it exits with 0."""

    argv: tuple[str, ...]
    timeout: float
    silence_means_absence: bool = True

    def look(self, connection: Connection) -> list[Seen]:  # noqa: ARG002 - the protocol's
        printed = self._run()
        if printed.lstrip().startswith(("[", "{")):
            return read_answer(printed, f"what {self.argv[0]} prints")
        seen = list(read_lines(printed))
        if not seen:
            # A query that failed quietly prints nothing, too; a command that knows that nothing runs prints [].
            raise SourceSilent(f"{self.argv[0]} printed nothing; if nothing runs, let it print []")
        return seen

    def _run(self) -> str:
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise SourceSilent(f"{self.argv[0]}: {error.strerror}") from None
        with process:
            try:
                out, complaint = process.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                # With all that it has started: a child that outlives it would hold the pipe open.
                os.killpg(process.pid, signal.SIGKILL)
                raise SourceSilent(f"{self.argv[0]} did not end within {self.timeout:g} s, and was killed") from None
        if process.returncode:
            last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:]
            told = f": {last[0]}" if last else ""
            raise SourceSilent(f"{self.argv[0]} exited with {process.returncode}{told}")
        return out.decode("utf-8", "replace")


def make(settings: Settings) -> Command:
    """``command``, a list of words. Killed a little before whoever asks stops waiting, so that nothing is left over."""
    return Command(settings.texts("command"), 0.95 * settings.seconds("time_limit", 10.0))
