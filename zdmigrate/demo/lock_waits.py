"""How long queries waited for locks, as the server saw it: pg_locks looked at all the time, and the server's log.

Two witnesses, so that the figure is never smaller than the truth:

- An observer looks at ``pg_locks.waitstart`` (the server's own clock) every few milliseconds. A wait that was seen
  counts until the first look at which it was *gone*, so it is told too long by up to one gap between two looks, and
  never too short. A wait that came and went between two looks is not seen: it was shorter than the widest gap.
- The server logs every wait over ``LOGGED_FROM`` as it begins to be one, and its exact length once the lock is there
  (log_lock_waits). So no wait, seen or not, was longer than that without a line in the log; one that ended without
  its lock (cancelled) has no length there, and then the observer's counts.

The figure does not depend on how busy the machine is: an observer that gets no time makes the first witness vaguer,
and the second one bounds it. The queries' waits for each other's row locks count as well; the server does not ask why.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg

from zdmigrate.demo.shop import LOGGED_FROM, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOOK_EVERY = 0.003  # seconds between the end of one look and the next; a look takes about half a millisecond

# Always at least one row. clock_timestamp() stands in the outermost list: it is read after the locks were.
# pg_stat_get_activity is asked about those who wait only, and nearly always nobody does.
_LOOK = """
    SELECT waiting.pid, waiting.application_name, waiting.what,
           extract(epoch FROM waiting.waitstart)::float8, extract(epoch FROM clock_timestamp())::float8
    FROM (SELECT) AS always LEFT JOIN (
        SELECT l.pid, l.waitstart, a.application_name,
               l.mode || ' on ' || CASE l.locktype
                   WHEN 'relation' THEN l.relation::regclass::text
                   WHEN 'transactionid' THEN 'a row' ELSE l.locktype END AS what
        FROM pg_catalog.pg_locks AS l CROSS JOIN LATERAL pg_catalog.pg_stat_get_activity(l.pid) AS a
        WHERE NOT l.granted AND a.usesysid = %s::regrole
    ) AS waiting ON true
"""
_LOGGED = re.compile(
    r"^(?P<who>[^|\n]*)\|LOG:  process (?P<pid>\d+) (?P<how>[a-z ]+) (?P<what>\w+ on [^\n]*?)"
    r" after (?P<milliseconds>[\d.]+) ms\b",  # and "at character 22", where the lock is the parser's
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """``seconds`` that a query of ``who`` (its application_name) waited for ``what``."""

    seconds: float
    who: str
    what: str
    pid: int


@dataclass(frozen=True, slots=True)
class Waits:
    """What both witnesses say in the end."""

    waits: tuple[Wait, ...]
    looks: int
    widest_gap: float

    def longest_of(self, who: str) -> Wait | None:
        """None where none was seen."""
        return max((wait for wait in self.waits if wait.who == who), key=lambda wait: wait.seconds, default=None)


class LockWaits(threading.Thread):
    """The observer. ``dsn`` is a superuser's, ``role`` the one whose waits count."""

    def __init__(self, dsn: str, role: str = ROLE) -> None:
        super().__init__(name="lock waits", daemon=True)
        self.dsn, self.role = dsn, role
        self.halt = threading.Event()
        self.ended: list[Wait] = []
        self.error: psycopg.Error | None = None
        self.looks = 0
        self.widest_gap = 0.0
        self._last_look = 0.0
        self._open: dict[tuple[int, float], tuple[str, str]] = {}

    def stop(self) -> None:
        self.halt.set()
        if self.ident is not None:
            self.join()

    def so_far(self, server_log: str) -> float:
        """The longest one until now, in seconds, for whoever looks on; 0 where none was seen."""
        return max((wait.seconds for wait in exact(tuple(self.ended), server_log)), default=0.0)

    def verdict(self, server_log: str) -> Waits:
        """Both witnesses together, once the observer has stopped. Raises what ended it before its time."""
        if self.error is not None:
            raise self.error
        return Waits(tuple(exact(self.ended, server_log)), self.looks, self.widest_gap)

    def run(self) -> None:
        try:
            with psycopg.connect(self.dsn, autocommit=True, application_name="lock waits") as connection:
                while not self.halt.wait(LOOK_EVERY):
                    self._look(connection)
                self._look(connection)  # what waits still is counted up to here
                self._close(self._open, self._last_look)
        except psycopg.Error as error:
            self.error = error

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(_LOOK, [self.role]).fetchall()
        now = float(rows[0][-1])
        # waitstart is NULL for an instant after the wait began: it began after the last look, then.
        waiting = {(row[0], row[3] or self._last_look): (row[1], row[2]) for row in rows if row[0] is not None}
        self._close(self._open.keys() - waiting.keys(), now)
        self._open = {key: self._open.get(key) or about for key, about in waiting.items()}
        if self.looks:
            self.widest_gap = max(self.widest_gap, now - self._last_look)
        self.looks += 1
        self._last_look = now

    def _close(self, keys: Iterable[tuple[int, float]], now: float) -> None:
        for key in keys:
            who, what = self._open[key]
            self.ended.append(Wait(now - key[1], who, what, key[0]))


def exact(seen: Iterable[Wait], server_log: str) -> Iterator[Wait]:
    """The logged waits as they are; another that was seen was no longer than what is logged."""
    logged, cancelled = logged_waits(server_log)
    yield from logged
    for wait in seen:
        yield wait if wait.pid in cancelled else replace(wait, seconds=min(wait.seconds, LOGGED_FROM))


def logged_waits(server_log: str) -> tuple[list[Wait], set[int]]:
    """What a log with the prefix ``%a|`` tells of waits; and the processes of which one ended without its lock."""
    waits: list[Wait] = []
    waiting: set[int] = set()
    cancelled: set[int] = set()
    for line in _LOGGED.finditer(server_log):
        pid = int(line["pid"])
        waits.append(Wait(float(line["milliseconds"]) / 1000, line["who"], line["what"], pid))
        if line["how"] == "acquired":
            waiting.discard(pid)
        elif line["how"] == "still waiting for":
            cancelled |= {pid} & waiting  # another began, and this one's lock never came
            waiting.add(pid)
    return waits, cancelled | waiting
