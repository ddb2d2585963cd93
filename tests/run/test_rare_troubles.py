"""Troubles that come once in years: a deadlock, a clock that jumps, a synchronous standby that stands still."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.run.conftest import TABLES
from tests.run.project import Project, refused
from tests.run.waiting import until
from tests.servers.database import Database, RunningServer
from tests.stories.halt import Halt
from tests.stories.runners import Runner
from zdmigrate.run import patience, phases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Connection
    from tests.stories.runners import Forge
    from zdmigrate.embedded.server import Server

COLUMN = "ALTER TABLE users ADD COLUMN label text;\n"
EXPAND = ("apply", "--phase", "expand", "--release", "v2")
COUNT = "UPDATE counters SET n = n + 1;\n"

# ------------------------------------------------------------------------------------------- a deadlock with the app

BOTH = (
    "-- zdmigrate: expand\nSET deadlock_timeout = '50ms';\n"  # for our session alone: the app's is a second
    "ALTER TABLE users ADD CONSTRAINT own_order FOREIGN KEY (id) REFERENCES orders NOT VALID;\n"
)
CROSSES = b"""
    DO $$ BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_locks
                          WHERE relation = 'users'::regclass AND mode = 'ShareRowExclusiveLock' AND granted) LOOP
        END LOOP;
        UPDATE users SET visits = 1 WHERE id = 1;
    END $$
"""


def test_of_a_deadlock_with_the_app_the_step_is_the_victim_and_is_tried_again(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app has what the step asks for second, and asks for what the step has got first as soon as it has it."""
    monkeypatch.setattr(patience, "FIRST_PATIENCE", 0.2)  # else it lets everybody pass before it could be one
    project.database.execute("CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders SELECT id FROM users")
    project.write("001_both.sql", BOTH)
    with Halt(project.dsn, "LOCK TABLE", freezes=False) as proxy, project.database.connect() as app:
        proxy.runner = Runner(tmp_path)
        proxy.runner.ended.set()  # it is this process
        crossing = threading.Thread(target=lambda: cross(proxy, app, project.database))
        crossing.start()
        told = project.run(*EXPAND, dsn=proxy.dsn)
        crossing.join()
    assert told.code == 0, told.text
    deadlocks = "SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()"
    until(lambda: project.database.execute(deadlocks) == [(True,)])
    assert project.database.execute("SELECT visits FROM users WHERE id = 1") == [(1,)]
    assert project.steps_done("001_both") == 1


def cross(proxy: Halt, app: Connection, database: Database) -> None:
    assert proxy.halted.wait(30)
    app.execute("BEGIN; UPDATE orders SET id = id WHERE id = 2")
    crosses = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%WHILE NOT EXISTS%%' AND pid <> pg_backend_pid()"

    def let_it_ask() -> None:
        until(lambda: bool(database.execute(crosses)))
        proxy.let_go()

    going = threading.Thread(target=let_it_ask)
    going.start()
    app.execute(CROSSES)
    app.execute("COMMIT")
    going.join()


# ------------------------------------------------------------------------------------------- a clock that jumps


def test_a_servers_clock_that_is_set_back_lets_nobody_take_a_live_runners_lease(
    project: Project, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease was renewed in the future then. Set ahead, its runner looks silent, and is taken over as one is."""
    monkeypatch.setattr(phases, "GRACE", 0.3)
    project.database.execute("CREATE TABLE counters AS SELECT 0 AS n")
    project.write("001_label.sql", f"-- zdmigrate: expand\n{COUNT}{COLUMN}{COUNT}")
    with Halt(project.dsn, "ALTER TABLE users ADD", freezes=False) as proxy:
        proxy.runner = forge.start(*project.at(proxy.dsn, *EXPAND))
        assert proxy.halted.wait(30), proxy.runner.text
        project.database.execute("UPDATE zdmigrate.lease SET renewed_at = renewed_at + interval '1 hour'")
        refused(project.expand(), 5, "another runner holds the lease 'ddl'", f"process {proxy.runner.pid}")
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert project.database.execute("SELECT n FROM counters") == [(2,)], "each step ran once"
    assert "nothing to do" in project.done(*EXPAND).text


# ------------------------------------------------------------------------------------------- a synchronous standby


@pytest.fixture
def own_project(own_server: Server, tmp_path: Path) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    database = Database(RunningServer(own_server.dsn(), own_server.major), "postgres")
    database.execute(TABLES)
    made = Project(database, folder, database.dsn)
    made.done("init", "--release", "v1")
    return made


def waits_for_a_standby(database: Database, whom: str) -> None:
    database.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{whom}'")
    database.execute("SELECT pg_reload_conf()")
    until(lambda: database.execute("SHOW synchronous_standby_names") == [(whom,)])


def test_a_synchronous_standby_that_stands_still_keeps_no_lock_from_being_given_back(
    own_project: Project, forge: Forge
) -> None:
    """Every COMMIT of the server waits for it by now; that of the step does not."""
    own_project.write("001_label.sql", "-- zdmigrate: expand\n" + COLUMN)
    database = own_project.database
    with Halt(own_project.dsn, "ALTER TABLE users ADD", freezes=False) as proxy:
        proxy.runner = forge.start(*own_project.at(proxy.dsn, *EXPAND))
        assert proxy.halted.wait(30), proxy.runner.text
        waits_for_a_standby(database, "nobody")
        proxy.let_go()
        until(lambda: bool(database.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")))
        with database.connect(options="-c statement_timeout=5s") as app:
            app.execute("SELECT label FROM users")
        assert own_project.steps_done("001_label") == 1
        assert not proxy.runner.ended.is_set(), "what it writes after the step waits, as everybody's writes do"
        waits_for_a_standby(database, "")
        assert proxy.runner.wait() == 0, proxy.runner.text
