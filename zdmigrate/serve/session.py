"""One connection for reading, opened when it is needed, and opened anew after an outage."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import psycopg

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.connection import READ_ONLY, connect
from zdmigrate.ledger.ledger import check_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.ledger.connection import Connection

Value = TypeVar("Value")

SETTINGS = {**READ_ONLY, "statement_timeout": "10s"}


class Session:
    """Runs one question at a time; nothing that it asks can write."""

    def __init__(self, dsn: str, purpose: str) -> None:
        self.dsn, self.purpose = dsn, purpose
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._closed = False

    def ask(self, question: Callable[[Connection], Value]) -> Value:
        """What ``question`` finds. Raises DatabaseError; the next question has a connection of its own then."""
        with self._lock:
            try:
                return question(self._connected())
            except (psycopg.Error, DatabaseError) as error:
                self._drop()
                raise error if isinstance(error, DatabaseError) else _refused(error) from None

    def close(self) -> None:
        """End the connection, once the question that is under way has its answer; there are no more after it."""
        with self._lock:
            self._closed = True
            self._drop()

    def _connected(self) -> Connection:
        if self._closed:
            raise DatabaseError("nothing is asked any more")
        if self._connection is None:
            connection = connect(self.dsn, purpose=self.purpose, settings=SETTINGS)
            try:
                check_ledger(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _refused(error: psycopg.Error) -> DatabaseError:
    told = " ".join((error.diag.message_primary or str(error)).split())
    if isinstance(error, psycopg.OperationalError):
        return DatabaseError(f"the database does not answer: {told}")
    return DatabaseError(f"the database refused: {told}")
