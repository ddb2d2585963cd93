"""Heartbeats: instances that call ``zdmigrate.beat``. Their silence proves nothing: a frozen one is silent, too.

The ledger keeps them by itself, so they are read, never asked for, and read whether ``[[live]]`` names them or not:
an instance that beats runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.live.looks import horizon
from zdmigrate.live.sighting import Presence, Sighting

if TYPE_CHECKING:
    from datetime import datetime

    from zdmigrate.config import Gate
    from zdmigrate.ledger.connection import Connection

# Rows older than every window hold no gate, and years of pods leave very many of them.
_BEATS = """
SELECT version, instance, source, first_seen, last_seen,
       extract(epoch FROM pg_catalog.clock_timestamp() - last_seen)::float8, left_at IS NOT NULL, left_why
FROM zdmigrate.instance
WHERE app = %s AND last_seen > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
ORDER BY version, instance
"""


def read_beats(connection: Connection, gate: Gate, app: str) -> list[Sighting]:
    """The instances of ``app`` that beat lately enough to hold a gate."""
    ttl = gate.heartbeat_ttl.seconds
    return [_sighting(app, ttl, *row) for row in connection.execute(_BEATS, [app, horizon(gate)])]


def _sighting(
    app: str,
    ttl: float,
    version: str,
    instance: str,
    source: str,
    first: datetime,
    last: datetime,
    age: float,
    left: bool,
    why: str | None,
) -> Sighting:
    silent = Presence.LOST if age > ttl else Presence.LIVE
    return Sighting(app, version, instance, source, first, last, age, Presence.LEFT if left else silent, False, why)
