"""Fixtures for every room: a server for the session, a database for the test, a server of every major."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.choose import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Database, RunningServer


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """One PostgreSQL for the whole run of this worker; 18 unless a DSN says otherwise."""
    with running_server() as started:
        yield started


@pytest.fixture
def database(server: RunningServer) -> Iterator[Database]:
    """A fresh database on it, dropped after the test."""
    with server.database() as made:
        yield made
