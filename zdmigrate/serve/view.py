"""What the page and the figures are made of, read in one go: where everything stands, its history, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.ledger import one
from zdmigrate.live.looks import read_look, why_silent
from zdmigrate.live.sources import sources_of
from zdmigrate.run.standing import read_standing
from zdmigrate.timeline.history import read_history

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.standing import Standing
    from zdmigrate.sources.change import Change
    from zdmigrate.timeline.history import History

# Who waits for a lock in this database: pg_locks has no database for a wait for a row, so the waiter's own counts.
_WAITS = """
SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE NOT l.granted AND a.datname = current_database()
"""
LAST = 7 * 86400.0  # seconds of history on the page


class LockWaits(NamedTuple):
    """How many sessions wait for a lock, and for how many seconds the one that waits longest does."""

    sessions: int
    longest: float


class Asked(NamedTuple):
    """A source that knows only the present: seconds since it answered last, None for never, and whether that counts."""

    source: str
    app: str
    age: float | None
    failed: bool
    counts: bool


class View(NamedTuple):
    """Everything at one moment, ``at``, of the database's clock."""

    app: str
    at: datetime
    changes: Sequence[Change]
    standing: Standing
    history: History
    waits: LockWaits
    asked: Sequence[Asked]


def read_view(connection: Connection, config: Config, changes: Sequence[Change]) -> View:
    """Read all of it. Live sources are not asked: what others have stored of them is shown."""
    standing = read_standing(connection, config, changes, look=False)
    history = read_history(connection, config.app, LAST)
    waits = LockWaits(*one(connection, _WAITS))
    return View(config.app, history.end, changes, standing, history, waits, _asked(connection, config))


def _asked(connection: Connection, config: Config) -> list[Asked]:
    """How old the knowledge of each source is. Why one failed is for those who may see its address."""
    looks = [read_look(connection, source) for source in sources_of(config)]
    return [
        Asked(
            look.source,
            look.app,
            None if look.last is None else look.age,
            look.failure is not None,
            why_silent(look, config.gate) is None,
        )
        for look in looks
    ]
