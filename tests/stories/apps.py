"""App versions with SQL of their own, writing and reading on real connections until they are stopped."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import psycopg

from zdmigrate.sdk import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.database import Connection, Database

PACE = 0.002  # seconds between two queries of a thread: an app has other things to do, too
ENOUGH = 60  # seconds in which any app has made its queries, or something is stuck


@dataclass(frozen=True, slots=True)
class Version:
    """What one version of the app says to the database. Every statement names its columns.

    ``insert`` takes an email and a value, and returns an id; ``update`` takes a value and an id; ``read`` takes an id
    and returns the value; ``touch`` changes a row, but not the value. ``valued`` makes a value from a number.
    """

    name: str
    insert: str
    update: str
    read: str
    touch: str
    valued: Callable[[int], object] = lambda number: f"name {number}"


def users_version(name: str, column: str) -> Version:
    """A version that calls the users' name by ``column``."""
    return Version(
        name=name,
        insert=f"INSERT INTO users (email, {column}) VALUES (%s, %s) RETURNING id",
        update=f"UPDATE users SET {column} = %s WHERE id = %s",
        read=f"SELECT {column} FROM users WHERE id = %s",
        touch="UPDATE users SET visits = visits + 1 WHERE id = %s",
    )


@dataclass
class App:
    """A running version: two threads that write, one that reads, and a heartbeat.

    Each writer owns rows of the table: nobody else writes their value, so ``journal`` knows what must be there.
    ``shared`` rows are written by everybody.
    """

    database: Database
    version: Version
    owned: list[list[int]]  # one list a writer
    shared: list[int]
    journal: dict[int, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    queries: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(self._write, number), daemon=True)
            for number in range(len(self.owned))
        ]
        self._threads.append(threading.Thread(target=self._run, args=(self._read, 99), daemon=True))
        self.heartbeat = Heartbeat(self.database.dsn, "app", self.version.name, f"{self.version.name}-1", every=0.2)

    def start(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.heartbeat.start()
        assert self.heartbeat.wait(10) == "ok", f"{self.version.name} beats: {self.heartbeat.error}"
        return self

    def stop(self) -> None:
        """Drain it: no query after this, and a goodbye."""
        self._stop.set()
        for thread in self._threads:
            thread.join(ENOUGH)
        self.heartbeat.stop()

    def works_on(self, queries: int = 60) -> None:
        """Let it make so many further queries, and return when it has."""
        until, deadline = self.queries + queries, time.monotonic() + ENOUGH
        while self.queries < until and not self.failures:
            assert time.monotonic() < deadline, f"{self.version.name} is stuck after {self.queries} queries"
            time.sleep(0.005)

    def _run(self, work: Callable[[Connection, random.Random, int], None], number: int) -> None:
        """Queries one after another; a failed one is noted, and the app goes on as a retrying app would not."""
        chance = random.Random(f"{self.version.name} {number}")  # the same queries in every run
        with self.database.connect(application_name=f"app {self.version.name}", prepare_threshold=2) as connection:
            while not self._stop.is_set():
                try:
                    work(connection, chance, number)
                except (psycopg.Error, AssertionError) as error:
                    self.failures.append(f"{self.version.name}: {type(error).__name__}: {error}")
                with self._counting:
                    self.queries += 1
                time.sleep(PACE)

    def _write(self, connection: Connection, chance: random.Random, number: int) -> None:
        rows, value = self.owned[number], self.version.valued(chance.randrange(10**9))
        match chance.randrange(5):
            case 0:
                email = f"{self.version.name}-{number}-{chance.randrange(10**12)}@example.com"
                row = connection.execute(self.version.insert.encode(), [email, value]).fetchone()
                assert row is not None
                rows.append(row[0])
                self.journal[row[0]] = value
            case 1:
                connection.execute(self.version.touch.encode(), [chance.choice([*rows[:50], *self.shared])])
            case 2:
                connection.execute(self.version.update.encode(), [value, chance.choice(self.shared)])
            case _:
                row_id = chance.choice(rows)
                connection.execute(self.version.update.encode(), [value, row_id])
                self.journal[row_id] = value
                assert self._value(connection, row_id) == value, f"row {row_id} lost the write of {value}"

    def _read(self, connection: Connection, chance: random.Random, _: int) -> None:
        self._value(connection, chance.choice(self.shared))

    def _value(self, connection: Connection, row_id: int) -> object:
        row = connection.execute(self.version.read.encode(), [row_id]).fetchone()
        assert row is not None, f"row {row_id} is gone"
        return row[0]
