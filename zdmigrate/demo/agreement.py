"""Whether both names of every user say the same, asked again and again while both columns are there."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
from psycopg import errors

# Seconds between two checks; one reads the whole table, in one statement and so in one snapshot. Where that takes
# long, the pause is longer too: whoever reads a table holds a lock on it.
CHECK_EVERY = 0.25
REST = 4  # times as long as the check took

# Until expand is complete a row may be unfilled; afterwards that, too, is a disagreement.
_WRITTEN = "SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name AND full_name IS NOT NULL"
_FILLED = "SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name"


class Agreement(threading.Thread):
    """Counts the rows whose two names differ: the worst check counts, and how many there were is told, too."""

    def __init__(self, dsn: str) -> None:
        super().__init__(name="agreement", daemon=True)
        self.dsn = dsn
        self.halt = threading.Event()
        self.expanded = threading.Event()
        self.checks = 0
        self.disagreed = 0
        self.error: psycopg.Error | None = None

    def filled(self) -> None:
        """Expand is complete: from here on an unfilled row disagrees."""
        self.expanded.set()

    def stop(self) -> None:
        self.halt.set()
        if self.ident is not None:
            self.join()

    def verdict(self) -> int:
        """How many checks there were, once they have stopped. Raises what ended them before their time."""
        if self.error is not None:
            raise self.error
        return self.checks

    def run(self) -> None:
        try:
            with psycopg.connect(self.dsn, autocommit=True, application_name="agreement") as connection:
                pause = CHECK_EVERY
                while not self.halt.wait(pause):
                    began = time.monotonic()
                    self._check(connection)
                    pause = max(CHECK_EVERY, REST * (time.monotonic() - began))
        except psycopg.Error as error:
            self.error = error

    def _check(self, connection: psycopg.Connection[Any]) -> None:
        query = _FILLED if self.expanded.is_set() else _WRITTEN
        try:
            row = connection.execute(query.encode()).fetchone()
        except errors.UndefinedColumn:  # before expand and after contract there is one name only
            return
        assert row is not None
        self.checks += 1
        self.disagreed = max(self.disagreed, row[0])
