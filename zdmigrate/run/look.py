"""Looking before asking: who holds a lock that is in the way, and for how long we have seen them hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.run.blocker import holders_of, prepared
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.blocker import Blocker

# Filtered by database: relation numbers repeat in others. A prepared transaction has no pid.
_HOLDERS = """
    SELECT relation, mode, pid, virtualtransaction FROM pg_catalog.pg_locks
    WHERE locktype = 'relation' AND granted
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND relation = ANY (%s::oid[]) AND NOT coalesce(pid = ANY (%s), false)
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A transaction that holds a conflicting lock. ``pid`` is None for a prepared transaction."""

    pid: int | None
    transaction: str

    @property
    def maintains(self) -> bool:
        """Whether its lock is SHARE UPDATE EXCLUSIVE or stronger, as that of VACUUM, ANALYZE or DDL."""
        return not self.transaction


class Watch:
    """Keeps when each holder was first seen: other roles' transaction ages are hidden from an ordinary role."""

    def __init__(
        self,
        connection: Connection,
        wanted: Mapping[int, LockMode],
        own: Sequence[int],
        clock: Callable[[], float],
        shown: Callable[[list[Blocker]], list[Blocker]],
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.own = list(own)
        self.clock = clock
        self.shown = shown
        self.first_seen: dict[Holder, float] = {}

    def look(self) -> dict[Holder, float]:
        """Holders of conflicting locks, and for how many seconds they have been seen to hold one."""
        if not self.wanted:
            return {}
        now = self.clock()
        rows = self.connection.execute(_HOLDERS, [list(self.wanted), self.own]).fetchall()
        holders = {_holder(row) for row in rows if self._conflicts(row[0], row[1])}
        self.first_seen = {holder: self.first_seen.get(holder, now) for holder in holders}
        return {holder: now - since for holder, since in self.first_seen.items()}

    def details(self) -> list[Blocker]:
        """The present holders with everything that may be known of them, oldest first."""
        now = self.clock()
        seen = {holder.pid: now - since for holder, since in self.first_seen.items() if holder.pid is not None}
        numbers = [holder.transaction for holder in self.first_seen if holder.pid is None]
        return self.shown([*holders_of(self.connection, self.wanted, seen), *prepared(self.connection, numbers)])

    def _conflicts(self, relation: int, mode: str) -> bool:
        return LockMode.from_pg_locks(mode) in self.wanted[relation].conflicts


def _holder(row: tuple[int, str, int | None, str]) -> Holder:
    """Who holds it. VACUUM and CREATE INDEX CONCURRENTLY change their transaction on the way, so they go by pid."""
    _, mode, pid, transaction = row
    weak = LockMode.from_pg_locks(mode) < LockMode.SHARE_UPDATE_EXCLUSIVE
    return Holder(pid, transaction if weak or pid is None else "")
