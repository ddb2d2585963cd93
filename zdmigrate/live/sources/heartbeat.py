"""Heartbeats: instances that call ``zdmigrate.beat``. Their silence proves nothing: a frozen one is silent, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.errors import ConfigError
from zdmigrate.live.sighting import Presence, Sighting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection

# Rows older than every window hold no gate, and years of pods leave very many of them.
_LOOK = """
SELECT version, instance, source, first_seen, last_seen,
       extract(epoch FROM pg_catalog.clock_timestamp() - last_seen)::float8, left_at IS NOT NULL, left_why
FROM zdmigrate.instance
WHERE app = %s AND last_seen > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
ORDER BY version, instance
"""


class HeartbeatSource:
    """The beats in the ledger. A beat is worth ``ttl`` seconds; what is older than ``horizon`` seconds is past."""

    name = "heartbeat"

    def __init__(self, ttl: float, horizon: float) -> None:
        self.ttl = ttl
        self.horizon = horizon

    def look(self, connection: Connection, app: str) -> list[Sighting]:
        """The instances of ``app`` that beat within the horizon. It answers whenever the database does."""
        return [self._sighting(app, *row) for row in connection.execute(_LOOK, [app, self.horizon])]

    def _sighting(
        self,
        app: str,
        version: str,
        instance: str,
        source: str,
        first: Any,
        last: Any,
        age: float,
        left: bool,
        why: Any,
    ) -> Sighting:
        silent = Presence.LOST if age > self.ttl else Presence.LIVE
        state = Presence.LEFT if left else silent
        return Sighting(app, version, instance, source, first, last, age, state, False, why)


def make(config: Config, options: Mapping[str, Any]) -> HeartbeatSource:
    """The source as configured. Raises ConfigError: heartbeats have no options of their own."""
    if options:
        raise ConfigError(
            f'[[live]] source = "heartbeat" has no option {next(iter(options))!r}',
            hint="how long a beat is worth is gate.heartbeat_ttl",
        )
    gate = config.gate
    windows = (gate.rollback_window, gate.lost_window, gate.heartbeat_ttl)
    return HeartbeatSource(gate.heartbeat_ttl.seconds, max(window.seconds for window in windows))
