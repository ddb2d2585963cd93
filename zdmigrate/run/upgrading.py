"""Upgrading the ledger to this program's version while nobody else writes it."""

from __future__ import annotations

import psycopg

from zdmigrate.errors import DatabaseError, NotLocked
from zdmigrate.ledger.ledger import upgrade_ledger
from zdmigrate.run.lease import DDL, held_leases, take_lease


def upgrade(dsn: str) -> int:
    """Upgrade the ledger; the version that it had. Raises NotLocked while any runner is at work, its backfill too."""
    with take_lease(dsn, DDL, "upgrade of the ledger") as lease, lease.connect("upgrade") as connection:
        others = [holder for name, holder, _ in held_leases(connection) if name != DDL]
        if others:
            raise NotLocked(
                f"a runner is at work: {others[0]['user']}@{others[0]['host']}, doing {others[0]['doing']}",
                state="the ledger is as it was",
                hint="run this again once it has ended: zdmigrate status",
            )
        try:
            return upgrade_ledger(connection)
        except psycopg.errors.LockNotAvailable:
            raise NotLocked(
                "a transaction holds a lock on the ledger's tables",
                state="the ledger is as it was",
                hint="run this again; zdmigrate doctor names long transactions",
            ) from None
        except psycopg.errors.InsufficientPrivilege as error:
            raise DatabaseError(
                f"the role {connection.info.user} may not upgrade the ledger: {error.diag.message_primary}",
                state="the ledger is as it was",
                hint="connect as the ledger's owner",
            ) from None
