"""Which server tests run on: the one that a DSN names, else Docker's, else embedded binaries. Never none."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from tests.servers.database import RunningServer
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = {
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    "log_lock_waits": "on",
    "autovacuum": "off",  # it takes locks at moments of its own; a test of it turns it on with ALTER SYSTEM
}


@contextmanager
def running_server(major: int = 18) -> Iterator[RunningServer]:
    """A running server; the first of the three that is at hand."""
    if dsn := os.environ.get("ZDMIGRATE_TEST_DSN"):
        yield RunningServer(dsn, major_of(dsn))
        return
    with Server.start(find(major), settings=SETTINGS) as own:
        yield RunningServer(own.dsn(), own.major, own)


def major_of(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version // 10_000
