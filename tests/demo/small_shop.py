"""The shop of the demo with few users, for tests that do to it what must not happen."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from zdmigrate.demo.comparison import lost_writes, read_rows
from zdmigrate.demo.fleet import Fleet
from zdmigrate.demo.shop import DATABASE, ROLE, Users
from zdmigrate.demo.versions import V1, V2, AppVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.embedded.server import Server

ADD_FULL_NAME = "ALTER TABLE users ADD COLUMN full_name text"
ENOUGH = 500  # queries: each kind of action has been done by then, many times


@dataclass(frozen=True)
class SmallShop:
    server: Server
    users: Users

    @property
    def dsn(self) -> str:
        return self.server.dsn(DATABASE)

    @property
    def app_dsn(self) -> str:
        return self.server.dsn(DATABASE, user=ROLE)

    def connect(self, dsn: str | None = None, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(dsn or self.dsn, autocommit=True, **options)

    def execute(self, query: str) -> None:
        with self.connect() as connection:
            connection.execute(query.encode())

    @contextmanager
    def running(self, version: AppVersion = V1, first_slot: int = 0) -> Iterator[Fleet]:
        """A fleet that has done enough when the block ends, and then stops."""
        fleet = Fleet(self.app_dsn, version, self.users, first_slot=first_slot)
        fleet.start()
        try:
            yield fleet
            until(lambda: fleet.queries > ENOUGH)
        finally:
            fleet.drain()

    def lost(self, *fleets: Fleet, version: AppVersion = V1) -> dict[str, str]:
        records = [record for fleet in fleets for record in fleet.records]
        return lost_writes(read_rows(self.dsn, version), self.users, records)


def until(holds: Any) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold within a minute"
        time.sleep(0.01)


__all__ = ["ADD_FULL_NAME", "V1", "V2", "SmallShop", "until"]
