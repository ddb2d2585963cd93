"""The databases, the change file and the two versions of an app that an episode is about."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import psycopg

from tests.recipes.versions import schema_of, shared_tables
from tests.recipes.writers import NEW, NUMBER, OLD, App, replay
from tests.run.command import zdmigrate
from tests.simulate.sturdy import SturdyApp, SturdyWitness
from zdmigrate.sdk import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.generated.migrations import Generated
    from tests.servers.database import Database, RunningServer

BEATS = 0.2  # seconds


class NotToBeTried(Exception):
    """The naive SQL cannot migrate this table either, or ``rewrite`` refuses it, with a reason."""


class World:
    """``original`` is left alone, ``migrated`` is what the naive migration makes of it; ``database`` is lived on."""

    def __init__(self, server: RunningServer, case: Generated, rows: int) -> None:
        self.server, self.case, self.rows = server, case, rows
        self.held = ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(self.held.enter_context(TemporaryDirectory(prefix="simulate-"))) / "migrations"
        self.folder.mkdir()
        self.original = self.held.enter_context(self.server.database())
        try:
            self._make()
        except BaseException:
            self.held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for app in (self.old, self.new):
            app.end()
        for beat in self.beats.values():
            beat.stop()
        self.held.close()

    def _make(self) -> None:
        try:
            self.original.execute(self.case.table.script())
        except psycopg.Error as error:
            raise NotToBeTried(f"the table cannot be made: {error}") from None
        multiply(self.original, self.rows // 100)
        self.change = self._rewritten()
        self.migrated = self.clone()
        try:
            self.migrated.execute(self.naive)
        except psycopg.Error as error:
            raise NotToBeTried(f"the naive SQL cannot migrate it: {error}") from None
        self.tables = shared_tables(self.original, self.migrated)
        self.schemas = (schema_of(self.original), schema_of(self.migrated))
        crowd(self.original, self.rows)
        self.database = self.clone()
        self.old, self.new = (self.app(each) for each in (OLD, NEW))
        self.witness = SturdyWitness(self.database)
        self.beats: dict[str, Heartbeat] = {}

    def app(self, which: int) -> SturdyApp:
        return SturdyApp(self.database, self.schemas[which], self.tables, which, self.case.migration.unread)

    def beat(self, version: str) -> Heartbeat:
        """That of a version's one instance."""
        made = Heartbeat(self.database.dsn, "app", version, f"{version}-1", every=BEATS)
        return self.beats.setdefault(version, made)

    def run(self, *arguments: str) -> None:
        """A command that has to succeed, in this process."""
        printed = zdmigrate(*arguments, "--dsn", self.database.dsn, "--dir", str(self.folder))
        assert printed.code == 0, printed.text

    def clone(self) -> Database:
        return self.held.enter_context(self.server.database(self.original.name))

    def _rewritten(self) -> str:
        """The change's id; its file is in the folder."""
        history = self.folder.parent / "history"
        history.mkdir()
        (history / "000_before.sql").write_text(self.case.table.script())
        file = history / f"001_{self.case.migration.kind.replace(' ', '_').replace(',', '')}.sql"
        file.write_text(self.case.migration.naive)
        self.file = self.folder / file.name
        read = ("--dsn", self.original.dsn) if self.case.from_database else ()
        allow = ("--allow", "twin-unique-upsert=nobody upserts")
        options = ("--output", str(self.file), "--dir", str(history), *read, *allow, *self.case.migration.options)
        printed = zdmigrate("rewrite", str(file), *options)
        if printed.code:
            assert printed.code == 2, printed.text
            raise NotToBeTried(f"rewrite refuses: {printed.err.splitlines()[0]}")
        return file.stem

    @property
    def in_place(self) -> bool:
        return " in place. " in self.file.read_text().replace("\n-- ", " ")

    @property
    def naive(self) -> str:
        """What the change amounts to, with the new name of what a rewrite gives a new name."""
        return self.case.migration.naive + ("" if self.in_place else self.case.migration.then)

    @property
    def stays(self) -> str:
        """What a revert leaves on purpose."""
        return (self.case.migration.naive if self.in_place else self.case.migration.stays) or "SELECT"

    def wanted(self, end: str) -> Database:
        """A database that nobody troubled: what was written, by one connection, and then the naive migration."""
        database = self.clone()
        replay([*self.old.journal, *self.new.journal], database)
        database.execute(self.naive if end == "contract" else self.stays)
        return database


def multiply(database: Database, times: int) -> None:
    """More rows like those that are there, whose keys stay below 1000, so that the apps' own never meet them."""
    _fill(database, [str(14 * each / 1000) for each in range(1, 1 + min(times, 60))])


def crowd(database: Database, rows: int) -> None:
    """Rows that no app knows: for a backfill to have something to do. Their keys are beyond those that apps make."""
    _fill(database, [str(number) for number in range(50_000, 50_000 + rows // 10)], most=10)


def _fill(database: Database, numbers: Sequence[str], most: int | None = None) -> None:
    shared = shared_tables(database, database)
    for copy in App(database, schema_of(database), shared, OLD, False).copies:
        if copy.can_insert:
            insert = copy.insert(copy.table, whole=True)
            with database.connect() as connection, connection.pipeline():
                for number in numbers:
                    for pattern in copy.shared.rows[:most]:
                        connection.execute(insert.replace(NUMBER, number).encode(), (pattern,))
