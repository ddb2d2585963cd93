"""The databases, the change files and the versions of an app that an episode is about."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import psycopg

from tests.recipes.versions import schema_of, shared_tables
from tests.recipes.writers import NEW, NUMBER, OLD, App, replay
from tests.run.command import zdmigrate
from tests.simulate.sturdy import Side, SturdyApp, SturdyWitness
from tests.simulate.subject import NotToBeTried, Subject
from zdmigrate.sdk import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.generated.migrations import Generated
    from tests.recipes.versions import Shared
    from tests.servers.database import Database, RunningServer

BEATS = 0.2  # seconds


class World:
    """``original`` is left alone, ``database`` is lived on. Version v1 knows no change, v2 the first, v3 both."""

    def __init__(self, server: RunningServer, cases: Sequence[Generated], rows: int, standby: str = "") -> None:
        self.server, self.rows, self.standby = server, rows, standby
        self.subjects = [Subject(case, number) for number, case in enumerate(cases, 1)]
        self.held = ExitStack()
        self.apps: dict[str, SturdyApp] = {}
        self.beats: dict[str, Heartbeat] = {}

    def __enter__(self) -> Self:
        self.folder = Path(self.held.enter_context(TemporaryDirectory(prefix="simulate-"))) / "migrations"
        self.folder.mkdir()
        (self.folder.parent / "zdmigrate.toml").write_text('replicas = "no-readers"\n')
        self.original = self.held.enter_context(self.server.database())
        try:
            self._make()
        except BaseException:
            self.held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for app in self.apps.values():
            app.end()
        for beat in self.beats.values():
            beat.stop()
        self.held.close()

    def _make(self) -> None:
        for subject in self.subjects:
            subject.make(self.original)
        multiply(self.original, self.rows // 100)
        for subject in self.subjects:
            subject.rewrite(self.original, self.folder.parent / f"history {subject.number}")
        migrated = self.clone()
        try:
            for subject in self.subjects:
                subject.migrate(migrated)
        except psycopg.Error as error:
            raise NotToBeTried(f"the naive SQL cannot migrate it: {error}") from None
        tables = shared_tables(self.original, migrated)
        for subject in self.subjects:
            subject.tables = [each for each in tables if each.before.name.startswith(self._prefix(subject))]
        self.parts = 2 * (len(self.subjects) + 1)
        self.schemas = (schema_of(self.original), schema_of(migrated))
        crowd(self.original, self.rows)
        self.database = self.clone()
        self.witness = SturdyWitness(self.database)

    def _prefix(self, subject: Subject) -> str:
        [(quoted,)] = self.original.execute("SELECT quote_ident(%s)", subject.case.table.schema)
        return f"{str(quoted).replace('%', '%%')}."

    def publish(self, subject: Subject) -> None:
        """Its file comes to the folder."""
        self.file(subject).write_text(subject.text)

    def file(self, subject: Subject) -> Path:
        return self.folder / f"{subject.change}.sql"

    def app(self, name: str, knows: int) -> SturdyApp:
        """A version that knows so many of the changes; its rows are its own as long as no other knows as many."""
        sides = [
            Side(
                views=self._views(subject, NEW if subject.number <= knows else OLD),
                tables=[_share(each, knows, self.parts) for each in subject.tables if len(each.rows) > self.parts],
                which=NEW if subject.number <= knows else OLD,
                unread=subject.case.migration.unread,
            )
            for subject in self.subjects
        ]
        self.apps[name] = SturdyApp.of(self.database, name, self.schemas[OLD], sides)
        return self.apps[name]

    def _views(self, subject: Subject, which: int) -> dict[str, list[str]]:
        views, prefix = self.schemas[which].views, self._prefix(subject).replace("%%", "%")
        return {name: columns for name, columns in views.items() if name.startswith(prefix)}

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

    def wanted(self, end: str) -> Database:
        """A database that nobody troubled: what was written, by one connection, and then the naive migrations."""
        database = self.clone()
        replay([each for app in self.apps.values() for each in app.journal], database)
        for subject in self.subjects:
            (subject.migrate if end == "contract" else subject.leave_behind)(database)
        return database


def _share(shared: Shared, part: int, parts: int) -> Shared:
    """The rows in such an order that a version's own, and its patterns, are no other's (writers.Copying.turn).

    A table with fewer rows than parts is left to rest.
    """
    both, rest = shared.rows[0], shared.rows[1:]
    own, patterns = rest[part::parts], rest[parts // 2 + part :: parts]
    rows = [both]
    for place in range(max(len(own), len(patterns))):
        mine = own[place % len(own)]
        rows += [mine, patterns[place % len(patterns)], mine]
    return shared._replace(rows=tuple(rows))


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
