"""Runs ``zdmigrate`` as a user would, in a process of its own, and lets it write to the same terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from zdmigrate.errors import ZdmigrateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zdmigrate.demo.screen import Screen

ENDS_WITHIN = 5.0  # seconds from SIGTERM to SIGKILL


class Unexpected(ZdmigrateError):
    """A command of the story ended otherwise than the story goes."""

    exit_code = 1


class Commands:
    """Commands in ``folder``; nothing of the caller's own settings is let in."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen, self.folder = screen, folder
        self.environment = without_settings(os.environ)

    def export(self, name: str, value: str) -> None:
        """Set a variable for all commands to come, as a user would."""
        self.screen.command(f"export {name}={value}")
        self.environment[name] = value

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def show(self, name: str, text: str) -> None:
        """Write a file, and show it."""
        self.write(name, text)
        self.screen.command(f"cat {name}")
        self.screen.text(text)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def run(self, *arguments: str, expect: int = 0) -> None:
        """Show the command line, run it, and show how it ended. Raises Unexpected unless with ``expect``."""
        self.screen.command(" ".join(["zdmigrate", *arguments]))
        code = self._run(arguments)
        if expect or code:
            self.screen.say(f"(exit code {code})")
        if code != expect:
            raise Unexpected(
                f"zdmigrate {' '.join(arguments)} ended with exit code {code} instead of {expect}",
                state="The demo's server is stopped; nothing of it stays.",
                hint="report what stands above",
            )

    def _run(self, arguments: tuple[str, ...]) -> int:
        # A process group of its own: the terminal's Ctrl-C is for the story, which then ends what it has begun.
        process = subprocess.Popen(
            [sys.executable, "-m", "zdmigrate.cli.main", *arguments],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        try:
            return process.wait()
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that it runs no longer."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """All variables but libpq's and our own: the story must not reach, or obey, anything of the caller's."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("PG", "ZDMIGRATE_")) or name == "ZDMIGRATE_TRACEBACK"
    }


def forget_libpq_variables() -> None:
    """The same for the connections of this process: PGOPTIONS or PGSSLMODE would be theirs, too."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
