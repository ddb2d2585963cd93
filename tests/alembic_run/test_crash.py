"""A runner is ended around what it writes of a revision: Alembic's table and the ledger say the same afterwards.

The short form tries a share of these points that changes with each commit, the long form all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic_run.conftest import USERS
from tests.alembic_run.project import Project
from tests.recipes.tenth import commit
from tests.run.command import zdmigrate
from tests.stories.crash import Crash, Crashes, Fault
from tests.stories.harness import AT_ONCE
from tests.stories.runners import Forge
from tests.stories.test_crash import a_share_of, all_survive, restarting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Connection, Database, RunningServer
    from zdmigrate.embedded.server import Server

EXPAND = ("apply", "--phase", "expand", "--release", "2")
CONTRACT = ("apply", "--phase", "contract", "--release", "3", *AT_ONCE, "--heartbeat-ttl", "1d")
REVERT = ("revert", "b2")
COMMANDS = ("expand", "contract", "revert")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with Forge(tmp_path) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Path:
    """Of three revisions: one that was there, one whose last statement is outside of a transaction, a contract."""
    project = Project(tmp_path / "app", database).begin()
    project.revision("a1", USERS)
    index = ("with op.get_context().autocommit_block():", '    op.create_index("{0}", "users", ["name"], {1})')
    concurrently = "postgresql_concurrently=True"
    project.revision(
        "b2",
        'op.add_column("users", sa.Column("email", sa.Text()))',
        *(line.format("users_name", concurrently) for line in index),
        down=(
            index[0],
            f'    op.drop_index("users_name", "users", {concurrently})',
            'op.drop_column("users", "email")',
        ),
        after="a1",
        phase="expand",
    )
    project.revision("c3", 'op.drop_index("users_name", "users")', after="b2", phase="contract")
    return project.folder


def crash(name: str, folder: Path) -> Crash:
    def run(connection: Connection, *arguments: str) -> None:
        info = connection.info
        dsn = f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"
        printed = zdmigrate(*arguments, "--dsn", dsn, "--dir", str(folder))
        assert printed.code == 0, printed.text

    def before_expand(connection: Connection) -> None:
        connection.execute("CREATE TABLE users (id bigint PRIMARY KEY, name text)")
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('a1')")
        run(connection, "init", "--release", "1", "--baseline")

    def before_revert(connection: Connection) -> None:
        before_expand(connection)
        run(connection, *EXPAND)

    def before_contract(connection: Connection) -> None:
        before_revert(connection)
        connection.execute("SELECT zdmigrate.beat('app', '2', 'one')")

    return {
        "expand": Crash("alembic_expand", before_expand, EXPAND, EXPAND, folder),
        "contract": Crash("alembic_contract", before_contract, CONTRACT, CONTRACT, folder),
        "revert": Crash("alembic_revert", before_revert, REVERT, REVERT, folder),
    }[name]


@pytest.mark.whole
def test_a_runner_that_is_ended_leaves_one_truth(server: RunningServer, forge: Forge, folder: Path) -> None:
    name = COMMANDS[commit() % len(COMMANDS)]
    crashes = Crashes(server, forge, crash(name, folder))
    all_survive(crashes, a_share_of(crashes.points_at_writes(Fault.KILL), 15), Fault.KILL)


@pytest.mark.whole
def test_a_server_that_is_restarted_leaves_one_truth(own_server: Server, forge: Forge, folder: Path) -> None:
    crashes = restarting(own_server, forge, crash(COMMANDS[(commit() + 1) % len(COMMANDS)], folder))
    all_survive(crashes, a_share_of(crashes.points_at_writes(Fault.RESTART), 8), Fault.RESTART)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_server_that_is_restarted_at_anything_that_is_written_leaves_one_truth(
    name: str, own_server: Server, forge: Forge, folder: Path
) -> None:
    crashes = restarting(own_server, forge, crash(name, folder))
    all_survive(crashes, crashes.points_at_writes(Fault.RESTART), Fault.RESTART)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", [Fault.KILL, Fault.CUT], ids=lambda fault: fault.value)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_runner_that_is_ended_around_anything_it_writes_leaves_one_truth(
    name: str, fault: Fault, server: RunningServer, forge: Forge, folder: Path
) -> None:
    crashes = Crashes(server, forge, crash(name, folder))
    all_survive(crashes, crashes.points_at_writes(fault), fault)
