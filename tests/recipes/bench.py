"""One case on the bench: its naive file rewritten, and as many databases as there are ways to run it."""

from __future__ import annotations

from contextlib import suppress
from difflib import unified_diff
from typing import TYPE_CHECKING

from tests.recipes.dump import dumped, ordered, rows
from tests.run.command import zdmigrate
from zdmigrate.run.session import GONE
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tests.recipes.cases import Case
    from tests.run.command import Printed
    from tests.servers.database import Database, RunningServer

FORTH = ("expand", "backfill")


class Bench:
    def __init__(self, server: RunningServer, case: Case, folder: Path, held: ExitStack) -> None:
        self.server, self.case, self.held = server, case, held
        self.folder = folder / "migrations"
        self.folder.mkdir()
        self.file = self.folder / f"002_{case.name}.sql"
        (self.folder / "001_furniture.sql").write_text(case.schema)
        self.file.write_text(case.naive)
        self.template = server.template(
            f"furniture_{abs(hash(case.schema))}", lambda at: at.execute(case.schema.encode())
        )

    def database(self) -> Database:
        """A fresh database with the furniture in it."""
        return self.held.enter_context(self.server.database(self.template))

    def run_naive(self) -> Database:
        database = self.database()
        self.migrate(database)
        return database

    def migrate(self, database: Database) -> None:
        """The naive migration, and the new names of what a rewrite gives a new name."""
        with database.connect() as connection:
            connection.execute(self.case.naive.encode())
            connection.execute(self.case.then.encode() or b"SELECT")

    def as_reverted(self) -> Database:
        database = self.database()
        self.leave_behind(database)
        return database

    def leave_behind(self, database: Database) -> None:
        """What a revert leaves on purpose."""
        with database.connect() as connection:
            connection.execute(self.case.stays.encode() or b"SELECT")

    def rewrite(self, catalog: str = "history") -> str:
        """Rewrite the file in place, as a user would; what it says then. ``catalog`` is history or database."""
        read = ("--dsn", self.database().dsn) if "database" in (catalog, self.case.catalog) else ()
        printed = self.zdmigrate("rewrite", str(self.file), "--in-place", *read, *self.case.options)
        assert printed.code == 0, printed.text
        return self.file.read_text()

    def zdmigrate(self, *arguments: str) -> Printed:
        return zdmigrate(*arguments, "--dir", str(self.folder))

    def apply(self, database: Database) -> None:
        """All phases by the runner itself."""
        (self.folder / "001_furniture.sql").unlink()  # the database has it
        for command in (("init", "--release", "v1"), ("apply", "--phase", "all", "--release", "v1")):
            printed = self.zdmigrate(*command, "--dsn", database.dsn)
            assert printed.code == 0, f"{printed.text}\n{self.file.read_text()}"

    def run(self, database: Database, *sections: str, steps: int | None = None, forgiving: bool = False) -> None:
        """Sections as they stand, or their first steps: what BEGIN to COMMIT is one transaction, and one step.

        ``forgiving`` takes what a step by itself does not find for undone, as the runner does for a half-done expand.
        """
        with database.connect() as connection:
            for step in self.steps(*sections)[:steps]:
                with suppress(*GONE if forgiving and len(step) == 1 else ()):
                    for statement in step:
                        connection.execute(statement.encode())

    def steps(self, *sections: str) -> list[list[str]]:
        steps: list[list[str]] = []
        together = False
        for section in read_change(self.file).sections:
            for statement in section.statements if section.name in sections else ():
                if together:
                    steps[-1].append(statement.text)
                else:
                    steps.append([statement.text])
                together = (together or statement.kind == "transaction") and statement.text.lower() != "commit"
        return steps


def same_schema(one: Database, other: Database) -> None:
    """As pg_dump prints them, but for the order of columns."""
    differs = difference(ordered(dumped(other)), ordered(dumped(one)))
    assert not differs, differs


def same_rows(one: Database, other: Database, besides: str = "") -> None:
    differs = difference(rows(other, besides), rows(one, besides))
    assert not differs, differs


def difference(expected: str, found: str) -> str:
    """The lines in which two texts differ."""
    lines = unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", n=1, lineterm="")
    return "\n".join(lines)
