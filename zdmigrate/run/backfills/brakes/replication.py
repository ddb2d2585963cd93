"""Standbys and subscribers that fall behind, and replication slots that keep the server from deleting its WAL."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from zdmigrate.bytesize import ByteSize

if TYPE_CHECKING:
    from zdmigrate.run.backfills.brakes import Scene

# Whoever streams: standbys, subscribers, pg_receivewal (which flushes and replays nothing). Without pg_read_all_stats
# a role sees that they are there, and NULL for everything else.
_STREAMS = """
    SELECT coalesce(nullif(application_name, ''), 'unnamed'), state,
           pg_catalog.pg_wal_lsn_diff(coalesce(replay_lsn, flush_lsn, write_lsn), '0/0')::bigint,
           extract(epoch FROM replay_lag)::float8,
           pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint
    FROM pg_catalog.pg_stat_replication WHERE coalesce(state, 'streaming') <> 'backup' ORDER BY 1
"""
# 'lost' slots keep nothing any more.
_SLOTS = """
    SELECT slot_name, active, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint,
           wal_status, (SELECT setting::bigint * 1024 * 1024 FROM pg_catalog.pg_settings
                        WHERE name = 'max_slot_wal_keep_size')
    FROM pg_catalog.pg_replication_slots
    WHERE restart_lsn IS NOT NULL AND wal_status IS DISTINCT FROM 'lost' ORDER BY 3 DESC
"""
MOST = 10_000  # samples


class Lag:
    """How far behind those are who stream from this server, in bytes and in seconds.

    Seconds are counted by the runner: how long ago the server wrote what they have not replayed yet. The server's own
    replay_lag is what the last answer said, and stays so when no answer comes.
    """

    kind = "lag"

    def __init__(self) -> None:
        self._written: deque[tuple[float, int]] = deque(maxlen=MOST)

    def reason(self, scene: Scene) -> str:
        rows = scene.connection.execute(_STREAMS).fetchall()
        if rows:
            self._written.append((scene.now, rows[0][4]))
        reasons = [self._of(scene, *row) for row in rows]
        self._forget(min((row[2] or 0 for row in rows), default=0))
        return "; ".join(filter(None, reasons))

    def _of(
        self, scene: Scene, name: str, state: str | None, replayed: int | None, told: float | None, written: int
    ) -> str:
        if replayed is None:
            role = scene.connection.info.user
            unseen = f"hidden from role {role}: GRANT pg_read_all_stats TO {role}"
            return f"the lag of {name} is {unseen if state is None else f'not known yet ({state})'}"
        size = written - replayed
        seconds = self._seconds(scene.now, replayed) if size > 0 else 0.0
        if size > 0:
            seconds = max(seconds, told or 0.0)
        if seconds > scene.settings.max_lag.seconds:
            return f"{name} is {seconds:.0f} s behind (max_lag {scene.settings.max_lag})"
        if size > scene.settings.max_lag_bytes.bytes:
            return f"{name} is {ByteSize(size)} behind (max_lag_bytes {scene.settings.max_lag_bytes})"
        return ""

    def _seconds(self, now: float, replayed: int) -> float:
        return now - next((at for at, place in self._written if place > replayed), now)

    def _forget(self, replayed: int) -> None:
        while len(self._written) > 1 and self._written[1][1] <= replayed:
            self._written.popleft()


class Slots:
    """WAL that slots keep: the disk fills, or a standby loses what it still needs."""

    kind = "slots"

    def reason(self, scene: Scene) -> str:
        reasons = []
        for name, active, kept, status, most in scene.connection.execute(_SLOTS):
            limit = scene.settings.max_slot_bytes.bytes
            if most is not None and most > 0:
                limit = min(limit, most // 2)
            if kept > limit or status == "unreserved":
                user = "" if active else ", which nobody reads"
                reasons.append(
                    f"replication slot {name}{user} keeps {ByteSize(kept)} of WAL (max_slot_bytes {ByteSize(limit)})"
                )
        return "; ".join(reasons)
