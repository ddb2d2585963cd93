"""The database that a command works on: how to reach it, whose changes, which limits, who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import check_ledger
from zdmigrate.run.pooler import refuse_transaction_pooler
from zdmigrate.run.session import Limits

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.events import Listener


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom a command runs."""

    dsn: str
    config: Config
    listener: Listener
    limits: Limits
    queries: bool = True  # whether the SQL of sessions that are in the way may be shown

    @property
    def app(self) -> str:
        return self.config.app

    @property
    def replicas(self) -> tuple[str, ...]:
        """DSNs of the hot standbys to look at."""
        named = self.config.replicas
        return named if isinstance(named, tuple) else ()

    def connect(self, purpose: str) -> Connection:
        """A connection for reading the ledger. Raises DatabaseError where there is none, or a pooler in between."""
        connection = connect(self.dsn, purpose=purpose)
        connection.execute("SET lock_timeout = '10s'")  # a description of a table waits for whoever excludes readers
        try:
            refuse_transaction_pooler(connection, self.dsn)
            check_ledger(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def limits_of(config: Config) -> Limits:
    """The configured limits, on this machine's clock."""
    return Limits(budget=config.lock_budget.seconds, deadline=config.lock_deadline.seconds)
