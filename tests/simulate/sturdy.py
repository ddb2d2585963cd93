"""Apps and witnesses that outlast a restart of the server, as those of a careful team do."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, NamedTuple, Self

import psycopg

from tests.recipes.writers import OLD, PACE, App
from tests.stories.lock_waits import LockWaits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.recipes.versions import Schema, Shared
    from tests.recipes.writers import Copying
    from tests.servers.database import Connection, Database

GIVES_UP = 30.0  # seconds without a server


def connected(database: Database, name: str) -> Connection:
    """A connection, as soon as the server answers."""
    deadline = time.monotonic() + GIVES_UP
    while True:
        try:
            return database.connect(application_name=name, prepare_threshold=2)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Side(NamedTuple):
    """What a version knows of the tables of one change: as before it, or as after it."""

    views: dict[str, list[str]]
    tables: Sequence[Shared]
    which: int
    unread: bool


class SturdyApp(App):
    """Knows of each of its writes whether it was committed; a lost connection is a failure only if none is allowed.

    ``outages`` is how many restarts there have been by now, for whoever restarts the server to raise beforehand.
    """

    outages = 0
    lost = 0
    _key, _table = "", ""  # of the row that is being inserted

    @classmethod
    def of(cls, database: Database, name: str, schema: Schema, sides: Sequence[Side]) -> Self:
        """A version that is old or new change by change."""
        views = {view: columns for side in sides for view, columns in side.views.items()}
        app = cls(database, schema._replace(views=views), (), OLD, False)
        app.copies = [
            copy for side in sides for copy in App(database, schema, side.tables, side.which, side.unread).copies
        ]
        app.name = name
        app._chance = random.Random(name)
        return app

    def _run(self) -> None:
        self._connection = connected(self.database, f"app {self.name}")
        try:
            while not self._stop.is_set() and not self.failures:
                self._once()
                time.sleep(PACE)
        finally:
            self._connection.close()

    def settles(self, tables: Collection[str]) -> None:
        """The row that every version writes becomes known, in tables that newer versions do not write."""
        with self.database.connect() as connection:
            for copy in self.copies:
                if copy.shared.after is None and copy.shared.before.name in tables:
                    self._become(connection, copy, copy.both, noted=True)

    def ends_by_itself(self) -> None:
        self._thread.join(GIVES_UP)

    def _once(self) -> None:
        used = self._connection
        try:
            self._query(used)
            self.queries += 1
        except (psycopg.Error, AssertionError) as error:
            gone = used.broken or used.closed  # a write may have come to another connection since
            if not (gone and isinstance(error, psycopg.OperationalError) and self._may_reconnect()):
                self.failures.append(f"{self.name}: {type(error).__name__}: {error}")

    def _may_reconnect(self) -> bool:
        self.lost += 1
        if not self.outages:
            return False
        self._connection = connected(self.database, f"app {self.name}")
        return True

    def _insert(self, connection: Connection, copy: Copying) -> None:
        self._key, self._table = copy.table.columns[copy.shared.key].name, copy.table.name
        super()._insert(connection, copy)

    def _execute(self, connection: Connection, sql: str, values: tuple[str, ...]) -> None:
        """One write, exactly once: where the answer to COMMIT is lost, the row is there or is not.

        An UPDATE of ours says the same twice. A transaction's number is no witness: a crash forgets it, and another
        transaction has it then.
        """
        if connection.closed and connection is not self._connection:
            connection = self._connection
        inserts, key = sql.startswith("INSERT"), None
        while True:
            try:
                with connection.transaction():
                    ran = connection.execute((sql + f" RETURNING {self._key}::text" * inserts).encode(), values)
                    assert ran.rowcount == 1, f"{ran.rowcount} rows by {sql} {values}"
                    key = ran.fetchone() if inserts else None
                return
            except psycopg.OperationalError:
                if not (connection.broken or connection.closed) or not self._may_reconnect():
                    raise
                connection = self._connection
                if key is not None and self._is_there(connection, key):
                    return

    def _is_there(self, connection: Connection, key: tuple[str, ...]) -> bool:
        query = f"SELECT EXISTS (SELECT FROM {self._table} WHERE {self._key}::text = %s)"
        return connection.execute(query.encode(), key).fetchone() == (True,)


class SturdyWitness(LockWaits):
    """Looks again once there is a server again."""

    outages = 0

    def _watch(self) -> None:
        while True:
            try:
                super()._watch()
                return
            except psycopg.OperationalError:
                if not self.outages:
                    raise
                self._connection = connected(self._database, "lock waits")

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(database)
