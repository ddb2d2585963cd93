"""A shop whose releases, changes and instances a test sets up in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.shop import Shop
from zdmigrate.ledger.ledger import create_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Database, RunningServer


@pytest.fixture
def ledger(server: RunningServer) -> Iterator[Database]:
    """A fresh database with a ledger in it."""
    with server.database(server.template("ledger", create_ledger)) as made:
        yield made


@pytest.fixture
def shop(ledger: Database) -> Iterator[Shop]:
    """v1 runs before change ``c``; v2 brought it; v3 was built with it, too. Nobody beats yet."""
    with ledger.connect() as connection:
        made = Shop(connection, ledger)
        made.release("v1")
        made.release("v2", "c")
        made.release("v3", "c")
        made.expand("c")
        yield made
