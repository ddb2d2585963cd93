"""Who may be in the way of a migration: each holds what it holds for a while, and goes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import psycopg

from tests.servers.majors import binaries_of
from tests.simulate.sturdy import connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.database import Connection
    from tests.simulate.drawn import Blocker
    from tests.simulate.subject import Subject
    from tests.simulate.world import World


class InTheWay(threading.Thread):
    """One blocker on the subject's table. What it meets itself, a table that is gone, is its own affair."""

    def __init__(self, world: World, subject: Subject, blocker: Blocker, stop: threading.Event) -> None:
        super().__init__(name=blocker.kind, daemon=True)
        self.database, self.standby, self.blocker, self.halt = world.database, world.standby, blocker, stop
        self.relation, self.key = subject.relation, subject.case.table.columns[0].sql
        self.schema = subject.case.table.prefix or "public."
        self.error = ""

    def run(self) -> None:
        self.halt.wait(self.blocker.after)
        try:
            KINDS[self.blocker.kind](self)
        except psycopg.Error as error:
            self.error = str(error)

    def lasts(self) -> None:
        self.halt.wait(self.blocker.seconds)

    def connect(self) -> Connection:
        return self.database.connect(application_name=self.blocker.kind)


def _in_transaction(self: InTheWay, *statements: str) -> None:
    with self.connect() as connection:
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement.encode())
        self.lasts()
        connection.execute("ROLLBACK")


def _idle(self: InTheWay) -> None:
    _in_transaction(self, f"SELECT 1 FROM {self.relation} LIMIT 1")


def _writer(self: InTheWay) -> None:
    """As a batch job that has written elsewhere and not yet here: its lock, and no row."""
    _in_transaction(self, f"LOCK TABLE {self.relation} IN ROW EXCLUSIVE MODE")


def _select(self: InTheWay) -> None:
    with self.connect() as connection:
        connection.execute(
            f"SELECT pg_sleep({self.blocker.seconds}) FROM (SELECT FROM {self.relation} LIMIT 1) AS one".encode()
        )


def _vacuum(self: InTheWay) -> None:
    with self.connect() as connection:
        connection.execute("SET vacuum_cost_delay = '50ms'; SET vacuum_cost_limit = 1")
        connection.execute(f"SET statement_timeout = {int(self.blocker.seconds * 1000)}".encode())
        connection.execute(f"VACUUM (FREEZE) {self.relation}".encode())


def _dump(self: InTheWay) -> None:
    binaries = binaries_of(18)
    began = time.monotonic()
    while time.monotonic() - began < self.blocker.seconds and not self.halt.is_set():
        subprocess.run(
            [binaries.program("pg_dump"), self.database.dsn], env=os.environ | binaries.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip


def _index(self: InTheWay) -> None:
    """It may be a deadlock's victim, as may its DROP, which is tried until it is through."""
    try:
        with self.connect() as connection:
            connection.execute(f'CREATE INDEX CONCURRENTLY "by hand" ON {self.relation} ({self.key})'.encode())
    finally:
        while True:
            with contextlib.suppress(psycopg.Error), connected(self.database, "by hand") as other:
                other.execute(f'DROP INDEX CONCURRENTLY IF EXISTS {self.schema}"by hand"'.encode())
                break


def _prepared(self: InTheWay) -> None:
    name = f"{self.database.name}_prepared"
    with self.connect() as connection:
        connection.execute("BEGIN")
        connection.execute(f"LOCK TABLE {self.relation} IN ROW EXCLUSIVE MODE".encode())
        connection.execute(f"PREPARE TRANSACTION '{name}'".encode())
    self.lasts()
    with connected(self.database, "prepared") as connection:
        connection.execute(f"ROLLBACK PREPARED '{name}'".encode())


def _lag(self: InTheWay) -> None:
    """The standby has everything, and replays nothing for a while."""
    with psycopg.connect(self.standby, autocommit=True) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        self.lasts()
        standby.execute("SELECT pg_wal_replay_resume()")


KINDS: dict[str, Callable[[InTheWay], None]] = {
    "idle in transaction": _idle,
    "writer in transaction": _writer,
    "long select": _select,
    "vacuum": _vacuum,
    "pg_dump": _dump,
    "manual index": _index,
    "prepared transaction": _prepared,
    "lag": _lag,
}
