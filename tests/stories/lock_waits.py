"""How long queries of the app wait for locks, as the server saw it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from tests.servers.database import Database

# waitstart is the server's own note of when a wait began (PostgreSQL 14 and newer).
_WAITING = """
    SELECT extract(epoch FROM clock_timestamp() - l.waitstart)::float8, a.application_name, l.locktype, l.mode, a.query,
           (SELECT string_agg(b.application_name || ': ' || b.query, ' | ')
            FROM pg_stat_activity AS b WHERE b.pid = ANY (pg_blocking_pids(l.pid)))
    FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE NOT l.granted AND l.waitstart IS NOT NULL AND a.datname = current_database()
      AND a.application_name LIKE 'app %'
    ORDER BY l.waitstart LIMIT 1
"""


class Wait(NamedTuple):
    seconds: float
    application: str
    lock: str
    mode: str
    query: str
    blocked_by: str | None


NONE = Wait(0.0, "", "", "", "", None)


class LockWaits:
    """Samples pg_locks all the while; ``longest`` is the longest wait of any session whose name begins with app."""

    def __init__(self, database: Database) -> None:
        self.longest = NONE
        self._error: Exception | None = None
        self.samples = 0
        self._connection = database.connect(application_name="lock waits")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()
        if self._error is not None:  # a witness that fell asleep has seen nothing
            raise self._error

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 - raised again where the story ends
            self._error = error

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            row = self._connection.execute(_WAITING).fetchone()
            self.samples += 1
            if row and row[0] > self.longest.seconds:
                self.longest = Wait(*row)
