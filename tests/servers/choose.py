"""Which server tests run on: the one that a DSN names, else Docker's, else embedded binaries. Never none."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from tests.servers.database import RunningServer
from tests.servers.docker import container, engine_answers
from tests.servers.majors import binaries_of
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
def running_server() -> Iterator[RunningServer]:
    """The server of an ordinary run: PostgreSQL 18, unless a DSN names another."""
    if dsn := os.environ.get("ZDMIGRATE_TEST_DSN"):
        yield RunningServer(dsn, major_of(dsn))
    else:
        with server_of(18) as server:
            yield server


@contextmanager
def server_of(major: int) -> Iterator[RunningServer]:
    """A server of this very major."""
    if engine_answers():
        with container(major, SETTINGS) as dsn:
            yield RunningServer(dsn, major)
    else:
        with Server.start(binaries_of(major), settings=SETTINGS) as own:
            yield RunningServer(own.dsn(), major)


def matrix() -> list[int]:
    """The majors that this run is for: ZDMIGRATE_MATRIX=14,15,16,17,18, else none but the ordinary server's."""
    return [int(major) for major in os.environ.get("ZDMIGRATE_MATRIX", "").split(",") if major]


def major_of(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version // 10_000
