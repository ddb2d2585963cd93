"""A shop with a table of many rows, the load of its app, and a reader who keeps the table for a while."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from benchmarks.pgbench import Load
from zdmigrate.demo.lock_waits import LockWaits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pgbench import Done
    from zdmigrate.embedded.server import Server

FIXTURE = Path(__file__).parents[1] / "fixtures" / "rename_column"
APP = "app"  # the role that the load connects as
READS_FOR = 6.0  # seconds
SETTLING = 2.0  # seconds of load before anything is looked at
SATURATED = 40  # clients
# A new customer, a new name in a transaction, a visit, a customer's page: by the column that a version knows.
SCRIPT = """
\\set id random(1, {rows})
\\set action random(1, 20)
\\if :action = 1
INSERT INTO users (email, {column}) VALUES (gen_random_uuid()::text, 'new');
\\elif :action <= 4
BEGIN;
SELECT {column} FROM users WHERE id = :id FOR UPDATE;
UPDATE users SET {column} = 'name ' || :action WHERE id = :id;
COMMIT;
\\elif :action <= 8
UPDATE users SET visits = visits + 1 WHERE id = :id;
\\else
SELECT {column}, visits FROM users WHERE id = :id;
\\endif
"""
_numbers = count(1)


class Loaded(NamedTuple):
    """A load, and who looks at the locks that it waits for."""

    load: Load
    waits: LockWaits

    def goes_on(self) -> bool:
        return self.load.process.poll() is None

    def finish(self) -> tuple[list[Done], float]:
        """Wait for its end; its transactions, and its longest wait for a lock in milliseconds."""
        done = self.load.finish()
        self.waits.stop()
        if self.waits.error is not None:
            raise self.waits.error
        return done, max((wait.seconds for wait in self.waits.ended), default=0.0) * 1000


class Shop:
    """A database's copies, each with ``rows`` users in it."""

    def __init__(self, server: Server, rows: int) -> None:
        self.server, self.rows = server, rows
        with self._admin() as admin:
            admin.execute("CREATE DATABASE template_shop")
        with psycopg.connect(server.dsn("template_shop"), autocommit=True) as connection:
            connection.execute((FIXTURE / "schema.sql").read_bytes())
            rows_as = "SELECT i || '@example.com', 'user ' || i FROM generate_series(1, %s) AS i"
            connection.execute(f"INSERT INTO users (email, name) {rows_as}".encode(), [rows])
            connection.execute(f"CREATE ROLE {APP} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {APP}".encode())
            connection.execute("VACUUM ANALYZE")

    def dsn(self, name: str, user: str = "postgres") -> str:
        return self.server.dsn(name, user)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The name of a fresh database."""
        name = f"shop_{next(_numbers)}"
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template_shop".encode())
            admin.execute("CHECKPOINT")
            yield name
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    @contextmanager
    def load(self, name: str, column: str, seconds: float, *, saturated: bool = False) -> Iterator[Loaded]:
        """200 transactions a second, or as many as 40 clients can make, by the version that calls it ``column``."""
        script = SCRIPT.format(rows=self.rows, column=column)
        pace: dict[str, Any] = {"clients": SATURATED, "rate": None} if saturated else {}
        waits = LockWaits(self.dsn(name), APP)
        with Load(self.server.binaries, self.dsn(name, APP), script, seconds, **pace) as load:
            waits.start()
            time.sleep(SETTLING)
            yield Loaded(load, waits)
        waits.stop()

    def _admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.server.dsn(), autocommit=True)


class Reader(threading.Thread):
    """Somebody's report: a transaction that has read the table, and stays open for a while. ``ended`` is a time()."""

    def __init__(self, dsn: str, column: str) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(dsn, application_name="report")
        self.connection.execute(f"SELECT {column} FROM users LIMIT 1".encode())
        self.ended = 0.0
        self.start()

    def run(self) -> None:
        time.sleep(READS_FOR)
        self.connection.commit()
        self.ended = time.time()
        self.connection.close()
