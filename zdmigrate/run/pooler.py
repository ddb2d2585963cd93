"""A transaction pooler between us and the server is detected and refused: it shares locks and SETs between clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import one

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection


def refuse_transaction_pooler(connection: Connection, dsn: str) -> None:
    """Raise DatabaseError if two connections reach one backend: the pooler lends it for a transaction only.

    A server tells each client its backend's number at the start; a pooler tells its own. Only where the two differ
    is a second connection opened, to tell a pooler that lends for a session from one that does not.
    """
    backend = _backend(connection)
    if backend == connection.info.backend_pid:
        return
    with connect(dsn, purpose="pooler check") as other, other.transaction():  # which occupies what it was lent
        # Asked only where it may be answered: a pool of one backend has lent it to the other connection just now.
        shared = _backend(other) == backend or _backend(connection) != backend
    if shared:
        raise DatabaseError(
            "there is a transaction pooler between zdmigrate and the server: it lends the same backend to several "
            "clients, so that locks and settings of one would be another's",
            state="nothing was changed",
            hint="connect to the server itself, or to a pool in session mode",
        )


def _backend(connection: Connection) -> int:
    return int(one(connection, "SELECT pg_catalog.pg_backend_pid()")[0])
