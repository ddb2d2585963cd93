"""A runner of the rename story is killed at one point after another: it is resumed to the end, or undone.

The short form ends it around what writes (each step's ledger row, each statement, each COMMIT with its answer lost),
at a share of these points that changes with each commit; the long form, marked ``long``, between any two messages. All
of it for every recipe, and with the server restarted: ``python -m tests.crash``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.tenth import commit
from tests.run.command import zdmigrate
from tests.servers.database import RunningServer
from tests.stories.changes import V1 as OLD
from tests.stories.changes import V2 as NEW
from tests.stories.crash import Crash, Crashes, Fault
from tests.stories.harness import AT_ONCE, FIXTURES, shop_schema

if TYPE_CHECKING:
    from tests.servers.database import Connection
    from tests.stories.proxy import Point
    from tests.stories.runners import Forge
    from zdmigrate.embedded.server import Server

FOLDER = FIXTURES / "rename_column" / "migrations"
EXPAND = ("apply", "--phase", "expand", "--release", "v2")
CONTRACT = ("apply", "--phase", "contract", "--release", "v3", *AT_ONCE, "--heartbeat-ttl", "1d")
REVERT = ("revert", "001_full_name")


def before_expand(connection: Connection) -> None:
    connection.execute(shop_schema(150).encode())
    connection.execute("UPDATE users SET name = 'written' WHERE id = 1")
    _run(connection, "init", "--release", "v1")


def before_revert(connection: Connection) -> None:
    before_expand(connection)
    _run(connection, *EXPAND)


def before_contract(connection: Connection) -> None:
    before_revert(connection)
    connection.execute("SELECT zdmigrate.beat('app', 'v2', 'v2-1')")


def _run(connection: Connection, *arguments: str) -> None:
    info = connection.info
    dsn = f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"
    printed = zdmigrate(*arguments, "--dsn", dsn, "--dir", str(FOLDER))
    assert printed.code == 0, printed.text


CRASHES = {
    crash.name: crash
    for crash in (
        Crash("expand_resumed", before_expand, EXPAND, EXPAND, FOLDER, OLD),
        Crash("expand_reverted", before_expand, EXPAND, REVERT, FOLDER, OLD, looks_at_ledger=False),
        Crash("contract_resumed", before_contract, CONTRACT, CONTRACT, FOLDER, NEW),
        Crash("revert_resumed", before_revert, REVERT, REVERT, FOLDER, OLD),
    )
}
faults = pytest.mark.parametrize("fault", [Fault.KILL, Fault.CUT], ids=lambda fault: fault.value)


@faults
@pytest.mark.parametrize("name", CRASHES)
def test_a_runner_that_is_ended_at_what_it_writes_leaves_nothing_half_done(
    name: str, fault: Fault, server: RunningServer, forge: Forge
) -> None:
    crashes = Crashes(server, forge, CRASHES[name])
    all_survive(crashes, a_share_of(crashes.points_at_writes(fault)), fault)


def test_a_server_that_is_restarted_under_a_runner_is_found_as_it_should_be(own_server: Server, forge: Forge) -> None:
    crashes = restarting(own_server, forge, list(CRASHES.values())[commit() % len(CRASHES)])
    all_survive(crashes, a_share_of(crashes.points(), 40), Fault.RESTART)


@pytest.mark.long
@pytest.mark.timeout(3600)
@faults
@pytest.mark.parametrize("name", CRASHES)
def test_a_runner_that_is_ended_between_any_two_messages_leaves_nothing_half_done(
    name: str, fault: Fault, server: RunningServer, forge: Forge
) -> None:
    crashes = Crashes(server, forge, CRASHES[name])
    all_survive(crashes, crashes.points(), fault)


def restarting(server: Server, forge: Forge, crash: Crash) -> Crashes:
    """Crashes on a server of the test's own, which may be restarted."""

    def restart() -> None:
        server.crash()
        server.restart()

    return Crashes(RunningServer(server.dsn(), server.major), forge, crash, restart)


def a_share_of(points: list[Point], every: int = 10) -> list[Point]:
    """One of so many; another one at each commit."""
    return points[commit() % every :: every]


def all_survive(crashes: Crashes, points: list[Point], fault: Fault) -> None:
    tally = crashes.try_all(points, fault)
    assert not tally.failures, tally.failures
    assert len(tally.missed) * 20 <= len(points), f"points that no run came by: {tally.missed}"
