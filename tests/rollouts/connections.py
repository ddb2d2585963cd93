"""How many connections the server has, looked at all the while."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.servers.database import Database

EVERY = 0.03  # seconds between two looks
LOOK = b"""
    SELECT count(*) FILTER (WHERE application_name LIKE 'shop %' OR application_name LIKE 'zdmigrate beat %'),
           count(*) FILTER (WHERE pid <> pg_backend_pid())
    FROM pg_stat_activity WHERE backend_type = 'client backend'
"""


class Connections(threading.Thread):
    """``most`` is the highest number of all clients' connections at a look, ``most_of_app`` of the app's own."""

    def __init__(self, database: Database) -> None:
        super().__init__(name="connections", daemon=True)
        self.database = database
        self.most = self.most_of_app = self.looks = 0
        self._halt = threading.Event()

    def run(self) -> None:
        with self.database.connect() as connection:
            while not self._halt.wait(EVERY):
                [(of_app, all_of_them)] = connection.execute(LOOK).fetchall()
                self.most, self.most_of_app = max(self.most, all_of_them), max(self.most_of_app, of_app)
                self.looks += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self.join()
