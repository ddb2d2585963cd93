"""A story: an old and a new version of an app write and read while a change goes through zdmigrate.

Its phases are the words of a deploy (``before``, ``during``, ``after_contract``, ``after_revert``); each lets the
versions that run then do some more work. What must hold all the while is checked by ``the_promise_was_kept``.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.run.command import zdmigrate
from tests.stories.apps import App
from tests.stories.lock_waits import LockWaits

if TYPE_CHECKING:
    from tests.run.command import Printed
    from tests.servers.database import Database
    from tests.stories.apps import Version

FIXTURES = Path(__file__).parents[2] / "fixtures"
BUDGET = 0.2  # seconds: what any query of the app may be made to wait
ROWS = 3_000
AT_ONCE = ("--rollback-window", "1ms")


@dataclass(frozen=True, slots=True)
class Change:
    """Change files by name, and the two versions of the app around them.

    ``agree`` counts the rows whose two sides differ while both are there.
    """

    files: dict[str, str]
    old: Version
    new: Version
    agree: str = ""


class Story:
    """One change, from a database that only the old version knows to one that only the new version knows."""

    def __init__(self, database: Database, schema: str, change: Change, folder: Path) -> None:
        self.database = database
        self.schema = schema
        self.change = change
        self.folder = folder / "migrations"
        self.apps: list[App] = []
        self.held = ExitStack()
        self.journal: dict[int, object] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir()
        for name, text in self.change.files.items():
            (self.folder / name).write_text(text)
        with self.database.connect() as connection:
            connection.execute(self.schema.encode())
            connection.execute("VACUUM ANALYZE")
        self.waits = self.held.enter_context(LockWaits(self.database))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for app in self.apps:
            app.stop()
        self.held.close()
        if kind is None:
            self.the_promise_was_kept()

    # ----------------------------------------------------------------------- the deploy

    def run(self, *arguments: str, code: int = 0) -> Printed:
        """A command of zdmigrate on this story's database and folder; its exit code must be ``code``."""
        printed = zdmigrate(*arguments, "--dsn", self.database.dsn, "--dir", str(self.folder))
        assert printed.code == code, f"zdmigrate {' '.join(arguments)} gave {printed.code}\n{printed.text}"
        return printed

    def before(self) -> None:
        """The old version runs, and the ledger is there."""
        self.run("init", "--release", self.change.old.name)
        self.old_app = self.start(self.change.old, 0)
        self.old_app.works_on()

    def expand(self, *options: str, code: int = 0) -> Printed:
        return self.run("apply", "--phase", "expand", "--release", self.change.new.name, *options, code=code)

    def during(self) -> None:
        """The new version joins the old one, once it is ready; both see each other's writes."""
        self.run("ready", "--release", self.change.new.name)
        self.new_app = self.start(self.change.new, 1)
        self.everybody_works_on()
        self.both_sides_agree()

    def contract(self, *options: str, code: int = 0) -> Printed:
        """A later release contracts."""
        return self.run("apply", "--phase", "contract", "--release", "later", *AT_ONCE, *options, code=code)

    def drain(self, app: App) -> None:
        app.stop()
        self.apps.remove(app)
        self.journal |= app.journal
        assert not app.failures, app.failures[:3]

    def after_contract(self) -> None:
        """The new version goes on alone, and finds what the old one wrote."""
        self.new_app.works_on()
        self.no_write_is_lost(self.change.new)

    def after_revert(self) -> None:
        """The old version goes on alone, and finds what the new one wrote."""
        self.old_app.works_on()
        self.no_write_is_lost(self.change.old)

    # ----------------------------------------------------------------------- who runs

    def start(self, version: Version, share: int) -> App:
        """Start a version; it owns rows that no other ``share`` owns."""
        rows = range(1, ROWS + 1)
        owned = [[row for row in rows if row % 8 == 2 * share + writer] for writer in (0, 1)]
        app = App(self.database, version, owned, shared=[row for row in rows if row % 8 == 7][:20])
        self.apps.append(app)
        return app.start()

    def everybody_works_on(self, queries: int = 60) -> None:
        for app in self.apps:
            app.works_on(queries)

    # ----------------------------------------------------------------------- what must hold

    def both_sides_agree(self) -> None:
        """In one statement over one snapshot, while everybody writes."""
        if self.change.agree:
            [(differ,)] = self.database.execute(self.change.agree)
            assert differ == 0, f"{differ} rows have two sides that differ"

    def no_write_is_lost(self, reader: Version) -> None:
        """What the journals say was written is what ``reader``'s SQL finds; writers are stopped to be sure."""
        running = list(self.apps)
        for app in running:
            self.drain(app)
        with self.database.connect() as connection:
            found = {row: connection.execute(reader.read.encode(), [row]).fetchone() for row in self.journal}
        lost = {row: (value, found[row]) for row, value in self.journal.items() if found[row] != (value,)}
        assert not lost, f"{len(lost)} writes are lost, for instance {next(iter(lost.items()))}"
        assert self.journal, "something was written"

    def the_promise_was_kept(self) -> None:
        """No query failed, and none waited longer than the budget."""
        failures = [failure for app in self.apps for failure in app.failures]
        assert not failures, f"{len(failures)} queries failed, for instance {failures[0]}"
        assert self.waits.samples, "somebody looked"
        assert self.waits.longest.seconds < BUDGET, f"a query waited too long: {self.waits.longest}"


def fixture_files(name: str) -> dict[str, str]:
    """The change files of a fixture."""
    return {path.name: path.read_text() for path in sorted((FIXTURES / name / "migrations").iterdir())}


def shop_schema(rows: int = ROWS) -> str:
    """The shop of the rename fixture, with users in it."""
    schema = (FIXTURES / "rename_column" / "schema.sql").read_text()
    return (
        f"{schema};"
        f"INSERT INTO users (email, name) SELECT i || '@example.com', 'user ' || i FROM generate_series(1, {rows}) i;"
        "INSERT INTO orders (user_id, total) SELECT id, 1 FROM users WHERE id % 10 = 0"
    )


def table_exists(database: Database, table: str) -> bool:
    return database.execute("SELECT to_regclass(%s) IS NOT NULL", table) == [(True,)]


def columns_of(database: Database, table: str) -> list[str]:
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum"
    )
    return [row[0] for row in database.execute(query, table)]
