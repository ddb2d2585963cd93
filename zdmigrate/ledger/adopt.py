"""Taking over the ledger of a server that was restored or upgraded: what it says of live instances is another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.ledger import ledger_version, one, system_identifier
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection


def adopt_ledger(connection: Connection, reason: str) -> None:
    """Make the ledger this server's own. Changes and releases stay; instances and leases are forgotten.

    Raises DatabaseError where there is no ledger to adopt, or it is this server's already.
    """
    if ledger_version(connection) is None:
        raise DatabaseError(
            "there is no ledger to adopt", state="nothing was changed", hint="zdmigrate init --release VERSION"
        )
    (made_on,) = one(connection, "SELECT system_identifier FROM zdmigrate.ledger")
    now_on = system_identifier(connection)
    if made_on == now_on:
        raise DatabaseError(
            "the ledger is this server's own already", state="nothing was changed", hint="zdmigrate status"
        )
    with connection.transaction():
        connection.execute("UPDATE zdmigrate.ledger SET system_identifier = %s", [now_on])
        for table in ("instance", "sighting", "look"):
            connection.execute(sql.SQL("DELETE FROM zdmigrate.{}").format(sql.Identifier(table)))
        connection.execute("UPDATE zdmigrate.lease SET holder = NULL")
        # Another major may describe the same table in other words, and another server has its own history.
        connection.execute("UPDATE zdmigrate.change SET shape = NULL")
        connection.execute("UPDATE zdmigrate.ledger SET timeline = NULL")
        record(connection, "adopt", reason=reason, made_on=made_on, now_on=now_on)
