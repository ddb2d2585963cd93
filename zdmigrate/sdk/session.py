"""Short transactions in which an application speaks with the ledger, direct or through a transaction pooler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[[], psycopg.Connection[Any]]

# A server that does not answer, as opposed to one that refuses, is noticed after about this many seconds.
TIMEOUT = 5


def connector(dsn: str | Connect, purpose: str) -> Connect:
    """How to connect: the application's own way, or psycopg with a timeout for everything that can hang."""
    if not isinstance(dsn, str):
        return dsn
    return lambda: psycopg.connect(
        dsn,
        application_name=f"zdmigrate {purpose}"[:63],
        connect_timeout=TIMEOUT,
        keepalives_idle=TIMEOUT,
        tcp_user_timeout=TIMEOUT * 1000,
    )


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make each use of the connection a transaction of its own that a pooler can serve and a beat accepts."""
    connection.autocommit = False
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.read_only = False
    connection.prepare_threshold = None


def call(connection: psycopg.Connection[Any], query: str, values: list[str]) -> Any:
    """The one value that a function answers. SETs are the transaction's: behind a pooler no other outlives it."""
    with connection.transaction():
        connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", [f"{TIMEOUT}s"])
        row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None
