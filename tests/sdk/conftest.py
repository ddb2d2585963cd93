"""A ledger to beat into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.live.registry import register_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Connection, Database, RunningServer


@pytest.fixture
def ledger(server: RunningServer) -> Iterator[Database]:
    """A database where shop v1 is registered."""

    def build(connection: Connection) -> None:
        create_ledger(connection)
        register_release(connection, "shop", "v1", [])

    with server.database(server.template("ledger_with_a_release", build)) as made:
        yield made
