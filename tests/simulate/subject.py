"""One change of an episode: its table, its naive migration, the file that rewrite makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.run.command import zdmigrate
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recipes.generated.migrations import Generated
    from tests.recipes.versions import Shared
    from tests.servers.database import Database


class NotToBeTried(Exception):
    """The naive SQL cannot migrate this table either, or ``rewrite`` refuses it, with a reason."""


class Subject:
    """``number`` is its place in the folder. ``tables`` are those that apps write, once the world has found them."""

    def __init__(self, case: Generated, number: int) -> None:
        self.case, self.number = case, number
        self.change = f"{number:03}_{case.migration.kind.replace(' ', '_').replace(',', '')}"
        self.text = ""
        self.tables: list[Shared] = []

    def make(self, original: Database) -> None:
        try:
            original.execute(self.case.table.script())
        except psycopg.Error as error:
            raise NotToBeTried(f"the table cannot be made: {error}") from None

    def rewrite(self, original: Database, folder: Path) -> None:
        """What rewrite writes, in a folder of its own, where a file before it tells of the table."""
        folder.mkdir()
        (folder / "000_before.sql").write_text(self.case.table.script())
        file, made = folder / f"{self.change}.sql", folder.parent / f"{self.change}.sql"
        file.write_text(self.case.migration.naive)
        read = ("--dsn", original.dsn) if self.case.from_database else ()
        allow = ("--allow", "twin-unique-upsert=nobody upserts")
        options = ("--output", str(made), "--dir", str(folder), *read, *allow, *self.case.migration.options)
        printed = zdmigrate("rewrite", str(file), *options)
        if printed.code:
            assert printed.code == 2, printed.text
            raise NotToBeTried(f"rewrite refuses: {printed.err.splitlines()[0]}")
        self.text = made.read_text()

    def migrate(self, database: Database) -> None:
        """What the change amounts to, in one go, with the new name of what a rewrite gives a new name."""
        database.execute(self.case.migration.naive + ("" if self._in_place else self.case.migration.then))

    def leave_behind(self, database: Database) -> None:
        """What a revert leaves on purpose."""
        database.execute((self.case.migration.naive if self._in_place else self.case.migration.stays) or "SELECT")

    @property
    def _in_place(self) -> bool:
        return " in place. " in self.text.replace("\n-- ", " ")

    @property
    def contracts(self) -> bool:
        """Else there is nothing that a gate would stand before."""
        return "\n-- zdmigrate: contract" in f"\n{self.text}"

    @property
    def relation(self) -> str:
        """Its table, as SQL, with its schema."""
        table = self.case.table
        return table.sql if table.prefix else f"public.{table.sql}"

    def steps(self, file: Path, phase: str) -> list[list[str]]:
        """The statements of each step, as a person would cut them from the file."""
        sections = {"expand": ("expand", "backfill"), "contract": ("contract",)}[phase]
        found: list[list[str]] = []
        together = False
        for section in read_change(file).sections:
            for statement in section.statements if section.name in sections else ():
                if together:
                    found[-1].append(statement.text)
                else:
                    found.append([statement.text])
                together = (together or statement.kind == "transaction") and statement.text.lower() != "commit"
        return found
