"""A rule's own examples on a server: PostgreSQL takes them, and what breaks is broken by bad and not by good."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import conninfo, sql

from zdmigrate.ledger.connection import connect
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.lint.rule import Example

_PURPOSE = "rules"


class _RefusedError(Exception):
    """PostgreSQL's word against a statement of an example."""


def problem_on(dsn: str, example: Example) -> str:
    """What a server says against an example; empty where it holds. Databases of its own are made there, and dropped."""
    try:
        with _scratch(dsn) as connection:
            _run(connection, "given", example.given)
            if example.breaks and not _works(connection, example.breaks):
                return "breaks fails before bad has run"
            _run(connection, "bad", example.bad)
            if example.breaks and _works(connection, example.breaks):
                return "breaks still works after bad"
        if example.good:
            with _scratch(dsn) as connection:
                _run(connection, "given", example.given)
                _run(connection, "good", *example.good)
                if example.breaks and not _works(connection, example.breaks):
                    return "breaks fails after good, too"
    except _RefusedError as error:
        return str(error)
    return ""


@contextmanager
def _scratch(dsn: str) -> Iterator[Connection]:
    name = sql.Identifier(f"zdmigrate_rules_{os.getpid()}")
    with connect(dsn, purpose=_PURPOSE) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            own = conninfo.make_conninfo(dsn, dbname=f"zdmigrate_rules_{os.getpid()}")
            with connect(own, purpose=_PURPOSE) as connection:
                yield connection
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _run(connection: Connection, what: str, *texts: str) -> None:
    """Each statement by itself, as psql would."""
    for statement in read_script("\n".join(texts)).statements:
        try:
            connection.execute(statement.text.encode())
        except psycopg.Error as error:
            told = error.diag.message_primary or str(error)
            raise _RefusedError(f"PostgreSQL refuses {what}: {told}") from None


def _works(connection: Connection, statement: str) -> bool:
    connection.execute("BEGIN")
    try:
        connection.execute(statement.encode())
    except psycopg.Error:
        return False
    finally:
        connection.execute("ROLLBACK")
    return True
