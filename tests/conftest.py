"""Fixtures for every room: a server for the session, a database for the test, a server of every major."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.servers.choose import SETTINGS, matrix, running_server, server_of
from tests.servers.pooler import transaction_pooler
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.database import Database, RunningServer


def pytest_configure() -> None:
    """A shell's background job ignores Ctrl-C, and so would each program that a test starts and interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


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


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test has to itself, to crash and restart."""
    with Server.start(find(), settings=SETTINGS) as started:
        yield started


@pytest.fixture
def pooled_dsn(database: Database) -> Iterator[str]:
    """``database`` through a transaction pooler; for tests marked ``outside``."""
    with transaction_pooler(database) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def servers_by_major() -> Iterator[Callable[[int], RunningServer]]:
    """Servers of other majors, started when the first test asks."""
    started: dict[int, RunningServer] = {}
    with ExitStack() as running:

        def of(major: int) -> RunningServer:
            if major not in started:
                started[major] = running.enter_context(server_of(major))
            return started[major]

        yield of


@pytest.fixture
def any_server(request: pytest.FixtureRequest) -> RunningServer:
    """The server of an ordinary run; under ZDMIGRATE_MATRIX one of each major in turn."""
    major: int | None = request.param
    if major is None:
        ordinary: RunningServer = request.getfixturevalue("server")
        return ordinary
    of: Callable[[int], RunningServer] = request.getfixturevalue("servers_by_major")
    return of(major)


@pytest.fixture
def any_database(any_server: RunningServer) -> Iterator[Database]:
    """A fresh database on ``any_server``."""
    with any_server.database() as made:
        yield made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_server" in metafunc.fixturenames:
        majors = [pytest.param(major, id=f"pg{major}") for major in matrix()]
        metafunc.parametrize("any_server", majors or [pytest.param(None, id="server")], indirect=True)
