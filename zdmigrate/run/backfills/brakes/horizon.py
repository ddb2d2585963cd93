"""A snapshot that keeps VACUUM from clearing away what the backfill leaves: the table would only grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zdmigrate.run.backfills.brakes import Scene

HELD = 5.0  # seconds that a snapshot must have been held: the app's own are short

# Whoever holds the horizon of this database's tables; VACUUM itself does not.
_HOLDERS = """
    SELECT 'pid ' || a.pid || coalesce(' ' || pg_catalog.quote_literal(nullif(a.application_name, '')), '')
           || coalesce(' of role ' || a.usename, '') || coalesce(', ' || a.state, ''),
           a.backend_xmin::text, pg_catalog.age(a.backend_xmin)
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.backend_xmin IS NOT NULL AND NOT a.pid = ANY (%(own)s) AND a.pid <> pg_catalog.pg_backend_pid()
      AND a.datname = pg_catalog.current_database()
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS v WHERE v.pid = a.pid)
    UNION ALL
    SELECT 'the prepared transaction ' || pg_catalog.quote_literal(gid), transaction::text,
           pg_catalog.age(transaction)
    FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()
    UNION ALL
    SELECT 'replication slot ' || slot_name, xmin::text, pg_catalog.age(xmin)
    FROM pg_catalog.pg_replication_slots WHERE xmin IS NOT NULL
    UNION ALL
    SELECT 'standby ' || application_name || ' (hot_standby_feedback)', backend_xmin::text,
           pg_catalog.age(backend_xmin)
    FROM pg_catalog.pg_stat_replication WHERE backend_xmin IS NOT NULL
    ORDER BY 3 DESC LIMIT 1
"""
# As many as autovacuum waits for.
_DEAD = """
    SELECT coalesce(sum(pg_catalog.pg_stat_get_dead_tuples(oid)), 0)::bigint,
           (pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8
            + pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8
              * coalesce(sum(greatest(reltuples, 0)), 0))::bigint
    FROM pg_catalog.pg_class WHERE oid = ANY (%s::oid[])
"""


class Held(NamedTuple):
    """A snapshot, since when we see it, and how many rows we had changed by then."""

    who: str
    xmin: str
    since: float
    rows: int


class Horizon:
    """Pauses while one snapshot has been held for long and as many rows are dead as autovacuum waits for."""

    kind = "horizon"

    def __init__(self) -> None:
        self._held: Held | None = None

    def reason(self, scene: Scene) -> str:
        found = scene.connection.execute(_HOLDERS, {"own": list(scene.pids)}).fetchone()
        if found is None:
            self._held = None
            return ""
        who, xmin, _ = found
        if self._held is None or (self._held.who, self._held.xmin) != (who, xmin):
            self._held = Held(who, xmin, scene.now, scene.rows)
        seconds = scene.now - self._held.since
        if seconds < HELD:
            return ""
        dead, most = scene.connection.execute(_DEAD, [list(scene.relations)]).fetchall()[0]
        dead = max(dead, scene.rows - self._held.rows)
        if dead <= most:
            return ""
        return f"{who} holds a snapshot for {seconds:.0f} s and more: VACUUM cannot clear {dead} dead rows"
