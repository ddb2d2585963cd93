"""A database on which two versions of an app live while changes go from expand to contract, or to revert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tests.recipes.versions import schema_of, shared_tables
from tests.recipes.writers import NEW, OLD, App, replay
from tests.run.command import zdmigrate
from tests.stories.harness import BUDGET
from tests.stories.lock_waits import LockWaits
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.recipes.writers import Written
    from tests.run.command import Printed
    from tests.servers.database import Database


def has_revert(file: Path) -> bool:
    """Else expand has done nothing that could be undone."""
    return any(section.name == "revert" for section in read_change(file).sections)


class Life:
    """``migrated`` is a clone of ``database`` that the naive files have run on: what the new version knows.

    ``unread``: what an old version writes may be read as something else (--fill). ``agree``: a copied column is
    ``same`` of its old one, which is not known where --up says something else.
    """

    def __init__(
        self,
        database: Database,
        migrated: Database,
        folder: Path,
        *,
        unread: bool = False,
        agree: bool = True,
        same: str = "CAST({old} AS {type})",
    ) -> None:
        self.database, self.folder, self.agree, self.same = database, folder, agree, same
        self.tables = shared_tables(database, migrated)
        schemas = (schema_of(database), schema_of(migrated))
        self.old, self.new = (App(database, schemas[each], self.tables, each, unread) for each in (OLD, NEW))
        self.journal: list[Written] = []

    def __enter__(self) -> Self:
        self.waits = LockWaits(self.database)
        self.waits.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for app in (self.old, self.new):
            app.end()
        self.waits.__exit__()
        if kind is None:
            assert self.waits.samples, "somebody looked"
            assert self.waits.longest.seconds < BUDGET, f"a query waited too long: {self.waits.longest}"

    def run(self, *arguments: str) -> Printed:
        printed = zdmigrate(*arguments, "--dsn", self.database.dsn, "--dir", str(self.folder))
        texts = "\n".join(path.read_text() for path in sorted(self.folder.iterdir()))
        assert printed.code == 0, f"zdmigrate {' '.join(arguments)} gave {printed.code}\n{printed.text}\n{texts}"
        return printed

    def together(self) -> None:
        """From the day before expand to the day when both have written for a while."""
        self.run("init", "--release", "v1")
        self.old.start().works_on()
        self.run("apply", "--phase", "expand", "--release", "v2")
        self.new.start().works_on()
        self.old.works_on()
        self.both_sides_agree()

    def contract(self) -> None:
        self._gone(self.old)
        self.both_sides_agree()
        forced = ("--force", "--reason", "the old version is stopped")
        self.run("apply", "--phase", "contract", "--release", "v3", *forced)
        self._goes_on_alone(self.new)

    def revert(self, changes: Sequence[str]) -> None:
        self._gone(self.new)
        self.both_sides_agree()
        for change in reversed(changes):
            if has_revert(self.folder / f"{change}.sql"):
                self.run("revert", change)
        self._goes_on_alone(self.old)

    def both_sides_agree(self) -> None:
        """Each copied column is its old one, in every row, in one snapshot."""
        for shared in self.tables if self.agree else ():
            for number in shared.common:
                assert shared.after is not None
                old, new = shared.before.columns[number], shared.after.columns[number]
                if old.name != new.name:
                    same = self.same.format(old=old.name, type=new.type)
                    differ = f"(ROW({same})::record) *<> (ROW({new.name})::record)"
                    query = f"SELECT count(*) FROM {shared.before.name} WHERE {differ}"
                    [(count,)] = self.database.execute(query.replace("%%", "%"))
                    assert count == 0, f"{count} rows of {shared.before.name}: {old.name} is not {new.name}"

    def _gone(self, app: App) -> None:
        app.stop()
        if app is self.old:  # nobody writes after it what the new version does not know
            app.writes_last(unknown=True)
        self.journal += app.journal

    def _goes_on_alone(self, app: App) -> None:
        app.works_on()
        app.stop()
        app.writes_last()
        self.journal += app.journal

    def replay(self, database: Database) -> None:
        """What both have written, on a database that was left alone."""
        replay(self.journal, database)
