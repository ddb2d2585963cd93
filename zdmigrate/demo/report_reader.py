"""Somebody's long report: a transaction that reads the users and then stays open, in the way of every strong lock."""

from __future__ import annotations

import threading

import psycopg


class ReportReader:
    """Holds ACCESS SHARE on users for ``seconds``, or until ``stop``."""

    def __init__(self, dsn: str, seconds: float) -> None:
        self.seconds = seconds
        self.halt = threading.Event()
        self.connection = psycopg.connect(dsn, application_name="monthly report")
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

    def _read(self) -> None:
        self.halt.wait(self.seconds)
        self.connection.rollback()
