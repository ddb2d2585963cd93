"""A runner of the rename story is killed at one point after another: it is resumed to the end, or undone.

The short form ends it around everything that writes (each step's ledger row, each statement, each COMMIT with its
answer lost); the long form, marked ``long``, between any two messages.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.run.command import zdmigrate
from tests.stories.changes import V1 as OLD
from tests.stories.changes import V2 as NEW
from tests.stories.crash import Crash, Crashes
from tests.stories.harness import AT_ONCE, FIXTURES, shop_schema

if TYPE_CHECKING:
    from tests.servers.database import Connection, RunningServer
    from tests.stories.proxy import Point
    from tests.stories.runners import Forge

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


EXPAND_RESUMED = Crash(before_expand, EXPAND, EXPAND, OLD, FOLDER)
CRASHES = {
    "expand_resumed": EXPAND_RESUMED,
    "expand_reverted": Crash(before_expand, EXPAND, REVERT, OLD, FOLDER, looks_at_ledger=False),
    "expand_cut": Crash(before_expand, EXPAND, EXPAND, OLD, FOLDER, kills=False),
    "contract_resumed": Crash(before_contract, CONTRACT, CONTRACT, NEW, FOLDER),
    "contract_cut": Crash(before_contract, CONTRACT, CONTRACT, NEW, FOLDER, kills=False),
    "revert_resumed": Crash(before_revert, REVERT, REVERT, OLD, FOLDER),
    "revert_cut": Crash(before_revert, REVERT, REVERT, OLD, FOLDER, kills=False),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_runner_that_is_ended_at_what_it_writes_leaves_nothing_half_done(
    name: str, server: RunningServer, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    crashes = Crashes(server, forge, CRASHES[name], name)
    try_points(crashes, crashes.points(every=False), name, capsys)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", CRASHES)
def test_a_runner_that_is_ended_between_any_two_messages_leaves_nothing_half_done(
    name: str, server: RunningServer, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    crashes = Crashes(server, forge, CRASHES[name], name)
    try_points(crashes, crashes.points(every=True), name, capsys)


def try_points(crashes: Crashes, points: list[Point], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    tally = crashes.try_all(points)
    with capsys.disabled():
        print(f"\n{name}: {tally}", file=sys.stderr)
    assert len(tally.missed) * 20 <= len(points), f"points that no run came by: {tally.missed}"
