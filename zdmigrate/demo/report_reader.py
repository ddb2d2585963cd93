"""Somebody's long report: a transaction that reads the users and then stays open, in the way of every strong lock."""

from __future__ import annotations

import threading
import time

import psycopg

# By the name that the runner's connections for steps have (zdmigrate/ledger/connection.py).
_RUNNER = "SELECT FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'zdmigrate % step'"
GIVES_UP = 30.0  # seconds, where no runner comes


class ReportReader:
    """Holds ACCESS SHARE on users until a runner has been there for ``seconds``, or until ``stop``.

    Counted from the runner's coming, not from the report's beginning: on a machine with much else to do, a process
    takes seconds to start, and would find the report over.
    """

    def __init__(self, dsn: str, seconds: float) -> None:
        self.seconds = seconds
        self.halt = threading.Event()
        self.connection = psycopg.connect(dsn, application_name="monthly report")
        self.lookout = psycopg.connect(dsn, autocommit=True)
        self.thread = threading.Thread(target=self._read, name="monthly report", daemon=True)

    def start(self) -> None:
        """Returns once the lock is held."""
        self.connection.execute("SELECT count(*) FROM users")
        self.thread.start()

    def stop(self) -> None:
        self.halt.set()
        if self.thread.ident is not None:
            self.thread.join()
        self.connection.close()
        self.lookout.close()

    def _read(self) -> None:
        deadline = time.monotonic() + GIVES_UP
        while not self.lookout.execute(_RUNNER).rowcount and time.monotonic() < deadline:
            if self.halt.wait(0.02):
                break
        self.halt.wait(self.seconds)
        self.connection.rollback()
