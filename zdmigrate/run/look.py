"""Looking before asking: who holds a lock that is in the way, and for how long we have seen them hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zdmigrate.ledger.connection import Connection

# Filtered by database: relation numbers repeat in others. A prepared transaction has no pid.
_HOLDERS = """
    SELECT relation, mode, pid, virtualtransaction FROM pg_catalog.pg_locks
    WHERE locktype = 'relation' AND granted
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND relation = ANY (%s::oid[]) AND NOT coalesce(pid = ANY (%s), false)
"""
_DETAILS = """
    SELECT l.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, ''), coalesce(a.state, ''),
           coalesce(a.query, ''), pg_catalog.string_agg(DISTINCT l.mode || ' on ' || l.relation::regclass::text, ', '),
           extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8
    FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY (%s::oid[]) AND l.pid = ANY (%s)
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    GROUP BY 1, 2, 3, 4, 5, 7
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


@dataclass(frozen=True, slots=True)
class Blocker:
    """What is known of a holder, for a person to act on. ``seconds`` is None where its start is hidden from us."""

    pid: int | None
    application: str
    user: str
    state: str
    query: str
    holds: str
    seconds: float | None

    def __str__(self) -> str:
        if self.pid is None:
            return f"a prepared transaction (SELECT * FROM pg_prepared_xacts) with {self.holds}"
        who = f"pid {self.pid}" + (f" {self.application!r}" if self.application else "")
        who += f" of role {self.user}" if self.user else ""
        age = f", in its transaction for {self.seconds:.1f} s" if self.seconds is not None else ""
        state = f", {self.state}" if self.state else ""
        query = " ".join(self.query.split())
        return f"{who}{state}{age}, holds {self.holds}" + (f": {query[:120]}" if query else "")


class Watch:
    """Keeps when each holder was first seen: other roles' transaction ages are hidden from an ordinary role."""

    def __init__(
        self,
        connection: Connection,
        wanted: Mapping[int, LockMode],
        own: Sequence[int],
        clock: Callable[[], float],
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.own = list(own)
        self.clock = clock
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
        pids = [holder.pid for holder in self.first_seen if holder.pid is not None]
        blockers = [Blocker(*row) for row in self.connection.execute(_DETAILS, [list(self.wanted), pids])]
        if len(pids) < len(self.first_seen):
            blockers.append(Blocker(None, "", "", "", "", "a conflicting lock", None))
        return sorted(blockers, key=lambda blocker: -(blocker.seconds or 0))

    def _conflicts(self, relation: int, mode: str) -> bool:
        return LockMode.from_pg_locks(mode) in self.wanted[relation].conflicts


def _holder(row: tuple[int, str, int | None, str]) -> Holder:
    """Who holds it. VACUUM and CREATE INDEX CONCURRENTLY change their transaction on the way, so they go by pid."""
    _, mode, pid, transaction = row
    weak = LockMode.from_pg_locks(mode) < LockMode.SHARE_UPDATE_EXCLUSIVE
    return Holder(pid, transaction if weak or pid is None else "")
