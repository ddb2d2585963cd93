"""The lock budget against the server's deadlock_timeout: above it, the app's query could be a deadlock's victim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import ConfigError
from zdmigrate.ledger.ledger import one

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection


def deadlock_timeout(connection: Connection) -> int:
    """The server's deadlock_timeout in milliseconds."""
    query = "SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout'"
    return int(one(connection, query)[0])


def refuse_long_budget(connection: Connection, config: Config) -> None:
    """Raise ConfigError where the lock budget is not below deadlock_timeout."""
    timeout = deadlock_timeout(connection)
    if config.lock_budget.milliseconds >= timeout:
        raise ConfigError(
            f"lock_budget ({config.lock_budget}) is not below the server's deadlock_timeout ({timeout}ms): a query of "
            f"the app could be chosen as a deadlock's victim because of a step that waits",
            state="nothing was run by this command",
            hint="lower lock_budget",
        )
