"""The app's queries that wait: for a row of a batch under way, which is cancelled, or for the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.backfills.brakes import Scene

SHARE = 0.025  # of the lock budget: how long a query may have waited for a batch's row before the batch is cancelled
LOOKS = 0.01  # seconds between two looks, at least,
COST = 20  # and so many times what a look takes
TOLD = 2.0  # seconds for which the word of it stands

_CANCEL = """
    WITH ids AS MATERIALIZED (
        SELECT transactionid, pid, granted, waitstart FROM pg_catalog.pg_locks WHERE locktype = 'transactionid'
    )
    SELECT pg_catalog.pg_cancel_backend(batch.pid)
    FROM ids AS app JOIN ids AS batch USING (transactionid)
    WHERE NOT app.granted AND batch.granted AND batch.pid = ANY (%(own)s) AND NOT app.pid = ANY (%(own)s)
      AND app.waitstart < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s)
"""
_WAITING = """
    SELECT l.pid, coalesce(a.application_name, ''), l.relation::regclass::text,
           extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart)::float8
    FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
    WHERE NOT l.granted AND l.locktype IN ('relation', 'tuple') AND l.relation = ANY (%s::oid[])
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND NOT l.pid = ANY (%s) AND l.waitstart < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
    ORDER BY 4 DESC LIMIT 3
"""


class GivingWay:
    """Cancels a batch that a query of the app waits for: it is rolled back, halved, and tried again."""

    def __init__(self, clock: Callable[[], float], budget: float) -> None:
        self.clock = clock
        self.seconds = budget * SHARE
        self.gave_way = 0.0
        self._next = 0.0

    def look(self, connection: Connection, own: Sequence[int]) -> None:
        """Look, if it is time to."""
        began = self.clock()
        if began < self._next or not own:
            return
        if connection.execute(_CANCEL, {"own": list(own), "seconds": self.seconds}).fetchall():
            self.gave_way = began
        now = self.clock()
        self._next = now + max(LOOKS, COST * (now - began))

    def word(self) -> str:
        """That it gave way lately; no reason to stop, but one why it is slow."""
        lately = self.gave_way and self.clock() - self.gave_way < TOLD
        return "gives way: a query of the app waited for a row" if lately else ""


class Waiting:
    """Queries of the app that have waited for the table, or a row of it, for longer than the budget."""

    kind = "lock_waits"

    def reason(self, scene: Scene) -> str:
        rows = scene.connection.execute(_WAITING, [list(scene.relations), list(scene.pids), scene.budget]).fetchall()
        return "; ".join(
            f"pid {pid}{f' {application!r}' if application else ''} waits for a lock on {table} for {seconds:.1f} s"
            for pid, application, table, seconds in rows
        )
