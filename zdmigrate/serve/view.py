"""What the page and the figures are made of, read in one go: where everything stands, its history, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.ledger.ledger import one
from zdmigrate.run.standing import read_standing
from zdmigrate.sources.revisions import changes_to_run, is_there
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


class View(NamedTuple):
    """Everything at one moment, ``at``, of the database's clock."""

    app: str
    at: datetime
    changes: Sequence[Change]
    standing: Standing
    history: History
    waits: LockWaits


def read_view(connection: Connection, config: Config) -> View:
    """Read all of it. Live sources are not asked: what others have stored of them is shown."""
    changes = _changes(config)
    standing = read_standing(connection, config, changes, look=False)
    history = read_history(connection, config.app, LAST)
    return View(config.app, history.end, changes, standing, history, LockWaits(*one(connection, _WAITS)))


def _changes(config: Config) -> Sequence[Change]:
    """The folder's changes; none where there is no folder here, or one that cannot be read."""
    try:
        return changes_to_run(config) if is_there(config) else ()
    except InputError:
        return ()
