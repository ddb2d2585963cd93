"""A project of its own for one test: a database with tables, a folder of change files, and the commands on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.run.command import zdmigrate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.run.command import Printed
    from tests.servers.database import Database

BUG = 70


@dataclass(frozen=True, slots=True)
class Project:
    database: Database
    folder: Path
    dsn: str

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, *arguments: str, dsn: str | None = None) -> Printed:
        """Any exit code but a bug's, and never a traceback."""
        printed = zdmigrate(*arguments, "--dsn", dsn or self.dsn, "--dir", str(self.folder))
        assert printed.code != BUG, printed.text
        assert "Traceback" not in printed.text
        return printed

    def at(self, dsn: str, *arguments: str) -> tuple[str, ...]:
        """The same command line for a runner that is a process, on its own way to the database."""
        return (*arguments, "--dsn", dsn, "--dir", str(self.folder))

    def done(self, *arguments: str) -> Printed:
        printed = self.run(*arguments)
        assert printed.code == 0, printed.text
        return printed

    def expand(self, *options: str) -> Printed:
        return self.run("apply", "--phase", "expand", "--release", "v2", *options)

    def contract(self, *options: str) -> Printed:
        """Past the gate: what is tested here is the running."""
        reason = ("--force", "--reason", "nobody else is here")
        return self.run("apply", "--phase", "contract", "--release", "v3", *reason, *options)

    def revert(self, change: str, *options: str) -> Printed:
        return self.run("revert", change, *options)

    def state(self, change: str) -> str | None:
        rows = self.database.execute("SELECT state FROM zdmigrate.change WHERE id = %s", change)
        return rows[0][0] if rows else None

    def steps_done(self, change: str) -> int:
        query = "SELECT count(*) FROM zdmigrate.step WHERE change = %s AND state = 'done'"
        return int(self.database.execute(query, change)[0][0])


def refused(printed: Printed, code: int, *words: str) -> None:
    """One sentence with these words, the state, and the next command."""
    assert printed.code == code, f"{printed.code}\n{printed.text}"
    for word in words:
        assert word in printed.err, f"{word!r} is not in {printed.err}"
    for line in ("error: ", "state: ", "next: "):
        assert line in printed.err, f"no {line!r} in {printed.err}"
