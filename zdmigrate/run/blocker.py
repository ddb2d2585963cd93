"""Who is in the way, with all that may be known of them: for a person to act on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zdmigrate.ledger.connection import Connection


@dataclass(frozen=True, slots=True)
class Blocker:
    """``seconds`` in its transaction, None where that is hidden from our role; ``seen``: for how long we saw it there.

    ``pid`` is None for a prepared transaction, whose name is then ``application``.
    """

    pid: int | None
    application: str
    user: str
    state: str
    query: str
    holds: str
    seconds: float | None
    seen: float | None = None

    def __str__(self) -> str:
        age = f", in its transaction for {self.seconds:.1f} s" if self.seconds is not None else ""
        if not age and self.seen is not None:
            age = f", seen for {self.seen:.1f} s"
        if self.pid is None:
            return f"the prepared transaction {self.application!r} (pg_prepared_xacts){age}, holds {self.holds}"
        who = f"pid {self.pid}" + (f" {self.application!r}" if self.application else "")
        who += f" of role {self.user}" if self.user else ""
        state = f", {self.state}" if self.state else ""
        query = " ".join(self.query.split())
        return f"{who}{state}{age}, holds {self.holds}" + (f": {query[:120]}" if query else "")


def without_query(blocker: Blocker) -> Blocker:
    """The same for those who must not read other people's SQL."""
    return replace(blocker, query="")


# A worker of the server's own has no role; its query says what it does. Other roles' state, query and transaction
# are hidden from an ordinary role (it needs pg_read_all_stats), which sees NULL and '<insufficient privilege>'.
_DETAILS = """
    SELECT l.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, ''), coalesce(a.state, ''),
           CASE WHEN a.query IS NULL OR a.query = '<insufficient privilege>' THEN '' ELSE a.query END,
           pg_catalog.string_agg(DISTINCT l.mode || ' on ' || l.relation::regclass::text, ', '),
           extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8
    FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY (%s::oid[]) AND l.pid = ANY (%s)
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    GROUP BY 1, 2, 3, 4, 5, 7
"""
_PREPARED = """
    SELECT gid, owner::text, extract(epoch FROM pg_catalog.clock_timestamp() - prepared)::float8
    FROM pg_catalog.pg_prepared_xacts
    WHERE database = pg_catalog.current_database() AND transaction::text IN (
        SELECT transactionid::text FROM pg_catalog.pg_locks
        WHERE locktype = 'transactionid' AND pid IS NULL AND virtualtransaction = ANY (%s))
"""
# Whom one backend waits for, and for what; a lock on a transaction has no name, and its wait no relation.
_WAITED_FOR = """
    SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.usename::text, ''), coalesce(a.state, ''),
           CASE WHEN a.query IS NULL OR a.query = '<insufficient privilege>' THEN '' ELSE a.query END,
           coalesce((SELECT pg_catalog.string_agg(DISTINCT h.mode || ' on ' || h.relation::regclass::text, ', ')
                     FROM pg_catalog.pg_locks AS h JOIN pg_catalog.pg_locks AS w USING (locktype, database, relation)
                     WHERE h.pid = a.pid AND h.granted AND w.pid = %s AND NOT w.granted AND locktype = 'relation'),
                    'a transaction that has to end first'),
           extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8
    FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(%s)) AS blocking
    JOIN pg_catalog.pg_stat_activity AS a ON a.pid = blocking
"""


def holders_of(connection: Connection, relations: Iterable[int], seen: Mapping[int, float]) -> list[Blocker]:
    """The sessions (by pid, with how long each was seen) that hold locks on relations; oldest first."""
    rows = connection.execute(_DETAILS, [list(relations), list(seen)])
    return _oldest_first(replace(Blocker(*row), seen=seen.get(row[0])) for row in rows)


def prepared(connection: Connection, transactions: Iterable[str]) -> list[Blocker]:
    """Prepared transactions by the virtual number that pg_locks has of them."""
    rows = connection.execute(_PREPARED, [list(transactions)])
    return [Blocker(None, gid, owner, "", "", "a conflicting lock", seconds) for gid, owner, seconds in rows]


def waited_for(connection: Connection, pid: int) -> list[Blocker]:
    """Whom the backend ``pid`` waits for at this moment; empty where it does not wait."""
    return _oldest_first(Blocker(*row) for row in connection.execute(_WAITED_FOR, [pid, pid]))


def _oldest_first(blockers: Iterable[Blocker]) -> list[Blocker]:
    return sorted(blockers, key=lambda blocker: -(blocker.seconds or blocker.seen or 0))
