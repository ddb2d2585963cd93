"""A weak lock to stand on while a strong one is asked for: autovacuum gives way only to somebody who waits.

It does after deadlock_timeout, and who looks, then asks never waits that long (measured: no lock in 30 tries). SHARE
UPDATE EXCLUSIVE conflicts with autovacuum's own lock and with no reader or writer, so that one can be waited for; kept,
it keeps the next worker out while the stronger lock is asked for from savepoints. An autovacuum against wraparound
gives way to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from zdmigrate.run.budget import deadlock_timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.run.look import Holder
    from zdmigrate.run.relations import Relations
    from zdmigrate.run.session import Session

WORTH = 1.0  # seconds that one must have been in the way: most are gone by then
MARGIN = 0.5  # seconds over deadlock_timeout: for the worker to end


class Footing:
    """The transaction of a step's tries: one for each, or one around all of them once the weak lock is held in it."""

    def __init__(self, session: Session, relations: Relations) -> None:
        self.session = session
        self.relations = relations
        self.held = False

    def asked(self, holders: Mapping[Holder, float]) -> bool:
        """Ask for the weak lock, if one who excludes it has been there for long; whether it was asked for."""
        lock = self.relations.weak_lock_statement()
        if self.held or lock is None or not any(age > WORTH and who.maintains for who, age in holders.items()):
            return False
        connection = self.session.connection
        connection.execute("BEGIN")
        self.session.limit(0, lock=deadlock_timeout(connection) / 1000 + MARGIN)
        try:
            connection.execute(lock)
            self.held = True
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            self.session.roll_back()
        return True

    def begin_try(self) -> None:
        """A transaction, or a savepoint on the footing."""
        self.session.connection.execute("SAVEPOINT zdmigrate_try" if self.held else "BEGIN")

    def end_try(self) -> None:
        """Leave nothing of a try but the footing."""
        if not self.held:
            self.session.roll_back()
        elif not self.session.connection.broken:
            self.session.connection.execute("ROLLBACK TO SAVEPOINT zdmigrate_try")
