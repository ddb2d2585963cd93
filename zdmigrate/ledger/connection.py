"""Connections to the target database: opened with every setting that matters set, and errors that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import conninfo, sql
from psycopg.rows import TupleRow

import zdmigrate
from zdmigrate.errors import DatabaseError
from zdmigrate.redact import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

Connection = psycopg.Connection[TupleRow]

OLDEST = 14
NEWEST = 18

# client_connection_check_interval: without it, the server keeps a killed client's locks until its statement ends
# (measured: 4.6 s of a 6 s statement against 0.3 s). row_security: where it filters, a backfill and its verifying
# count would both pass over the rows that it hides; off makes the server refuse. The rest is there so that a role's
# or a database's own settings cannot bite.
SETTINGS: Mapping[str, str] = {
    "client_connection_check_interval": "500ms",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "10min",
    "idle_session_timeout": "0",
    "lock_timeout": "0",
    "row_security": "off",
    "standard_conforming_strings": "on",  # as the grammar reads change files
    "statement_timeout": "0",
}
# For who looks at a database in passing.
READ_ONLY = {**SETTINGS, "default_transaction_read_only": "on", "statement_timeout": "60s", "lock_timeout": "2s"}
# idle_in_transaction_session_timeout while locks are held that make an application wait: a runner whose machine stands
# still must not make it stand still, too.
FROZEN = "1s"
KEEPALIVES = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}


def connect(dsn: str, *, purpose: str = "", settings: Mapping[str, str] = SETTINGS) -> Connection:
    """An autocommit connection; ``dsn`` may be empty, then libpq's own variables and files say where to.

    Raises DatabaseError when the server does not answer, refuses, or is older than 14 or newer than 18.
    """
    name = f"zdmigrate {zdmigrate.__version__}" + (f" {purpose}" if purpose else "")
    parameters: dict[str, Any] = {"connect_timeout": 10, "application_name": name[:63], **KEEPALIVES}
    try:
        parameters |= conninfo.conninfo_to_dict(dsn)
        connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise _no_connection(error) from None
    try:
        _check_version(connection)
        apply_settings(connection, settings)
    except BaseException:  # a signal, too
        connection.close()
        raise
    return connection


def apply_settings(connection: Connection, settings: Mapping[str, str] = SETTINGS) -> None:
    """Set what must not be left to the role's or the database's own settings; in one message, for who is far away."""
    newer = {"transaction_timeout": "0"} if connection.info.server_version >= 170000 else {}
    each = sql.SQL("pg_catalog.set_config({}, {}, false)")
    calls = [each.format(sql.Literal(key), sql.Literal(value)) for key, value in {**settings, **newer}.items()]
    if calls:
        connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls)))


def where(connection: Connection) -> str:
    """The server and database for a person to read: ``shop on db1:5432``; never a password."""
    info = connection.info
    return f"{info.dbname} on {info.host or 'local socket'}:{info.port}"


def _no_connection(error: psycopg.Error) -> DatabaseError:
    reason = redact(" ".join(str(error).split()))
    if isinstance(error, psycopg.ProgrammingError):
        return DatabaseError(
            "the connection string cannot be read", state="nothing was changed", hint="check --dsn or ZDMIGRATE_DSN"
        )
    hint = "check --dsn, ZDMIGRATE_DSN or libpq's own variables (PGHOST, PGDATABASE …)"
    return DatabaseError(f"the database does not answer: {reason}", state="nothing was changed", hint=hint)


def _check_version(connection: Connection) -> None:
    major = connection.info.server_version // 10000
    if OLDEST <= major <= NEWEST:
        return
    hint = "upgrade the server" if major < OLDEST else "upgrade zdmigrate: pip install --upgrade zdmigrate"
    sentence = f"PostgreSQL {major} is not a server that zdmigrate {zdmigrate.__version__} knows ({OLDEST} to {NEWEST})"
    raise DatabaseError(sentence, state="nothing was changed", hint=hint)
