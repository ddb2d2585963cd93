"""The shop of these tests: what it registers, expands and sees, and what its gate says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from zdmigrate.config import Config, Gate
from zdmigrate.duration import Duration
from zdmigrate.ledger.changes import move
from zdmigrate.ledger.states import State
from zdmigrate.live.gate import ask_gate
from zdmigrate.live.registry import register_release
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.database import Connection, Database
    from zdmigrate.live.verdict import Verdict

MINUTE = 60
HOUR = 60 * MINUTE

CLOCKS = {
    "instance": ("first_seen", "last_seen", "left_at"),
    "sighting": ("first_seen", "last_seen", "left_at"),
    "look": ("since", "last"),
    "release": ("gone_at",),
}

# A window that every server has been up for, and every goodbye is older than at the next look.
AT_ONCE = Gate(rollback_window=Duration(1))
CONFIG = Config(app="shop", gate=AT_ONCE)
PATIENT = CONFIG.changed(lock_budget=Duration(60_000))  # a fence that waits until the test lets go


@dataclass(frozen=True)
class Shop:
    connection: Connection
    database: Database
    app: str = "shop"

    def release(self, version: str, *changes: str) -> None:
        register_release(self.connection, self.app, version, changes)

    def expand(self, change: str, needs: list[list[str]] | None = None) -> None:
        move(self.connection, self.app, change, State.EXPANDING)
        move(self.connection, self.app, change, State.EXPANDED)
        if needs:
            self.needs(change, needs)

    def needs(self, change: str, needs: list[list[str]]) -> None:
        self.execute("UPDATE zdmigrate.change SET needs = %s WHERE id = %s", Jsonb(needs), change)

    def beat(self, version: str, instance: str = "web-1") -> str:
        return str(self.execute("SELECT zdmigrate.beat(%s, %s, %s)", self.app, version, instance)[0][0])

    def goodbye(self, version: str, instance: str = "web-1") -> None:
        self.execute("SELECT zdmigrate.goodbye(%s, %s, %s)", self.app, version, instance)

    def seen(
        self, version: str, ago: float, *, left: bool = False, instance: str = "web-1", since: float = HOUR
    ) -> None:
        """An instance whose last beat was ``ago`` seconds ago, and its first ``since`` seconds before that."""
        self.execute(
            "INSERT INTO zdmigrate.instance (app, version, instance, first_seen, last_seen, left_at)"
            " SELECT %s, %s, %s, at - make_interval(secs => %s), at, CASE WHEN %s THEN at END"
            " FROM (SELECT clock_timestamp() - make_interval(secs => %s)) AS t(at)",
            *(self.app, version, instance, since, left, ago),
        )

    def later(self, seconds: float) -> None:
        """Let so much time pass: all that was seen and looked at lies so much further back."""
        for table, columns in CLOCKS.items():
            moved = ", ".join(f"{column} = {column} - make_interval(secs => {float(seconds)})" for column in columns)
            self.execute(f"UPDATE zdmigrate.{table} SET {moved}")

    def of(self, app: str) -> Shop:
        """Another app on the same database."""
        return Shop(self.connection, self.database, app)

    def ask(self, release: str = "v3", config: Config = CONFIG, change: str = "c") -> Verdict:
        return ask_gate(self.connection, config, self.app, change, release)

    def codes(self, release: str = "v3", config: Config = CONFIG, change: str = "c") -> set[str]:
        """Why the gate is shut; not that the tests' server has been up for less than the window."""
        return {reason.code for reason in self.ask(release, config, change).reasons} - {Code.OBSERVATION_RESTARTED}

    def ready(self, version: str) -> str:
        return str(self.execute("SELECT zdmigrate.ready(%s, %s)", self.app, version)[0][0])

    def state(self, change: str = "c") -> str:
        return str(self.execute("SELECT state FROM zdmigrate.change WHERE id = %s", change)[0][0])

    def fenced(self) -> list[str]:
        return [row[0] for row in self.execute("SELECT change FROM zdmigrate.fence ORDER BY change")]

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        ran = self.connection.execute(statement.encode(), values or None)
        return ran.fetchall() if ran.description else []

    def until_waiting(self, count: int = 1) -> None:
        """Wait until so many sessions wait for the fence's lock."""
        until(
            lambda: (
                self.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
                == [(count,)]
            )
        )


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own timeout ends it."""
    while not true():
        time.sleep(0.005)
