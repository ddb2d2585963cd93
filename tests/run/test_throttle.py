"""What holds a backfill back, each thing made true on a server; each is named, and the backfill goes on after it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.run.conftest import TABLES
from tests.run.project import Project
from tests.run.waiting import until
from tests.servers.database import Database, RunningServer
from tests.servers.standby import standby_of
from zdmigrate.config import Backfill
from zdmigrate.run.backfills import foreman, throttle
from zdmigrate.run.backfills.brakes import Scene, horizon
from zdmigrate.run.backfills.brakes.horizon import Horizon
from zdmigrate.run.backfills.brakes.lock_waits import GivingWay, Waiting
from zdmigrate.run.backfills.brakes.replication import Lag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zdmigrate.embedded.server import Server
    from zdmigrate.ledger.connection import Connection

CHANGE = (
    "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
    "-- zdmigrate: backfill batch=100\nUPDATE users SET label = name;\n"
)
LEFT = "SELECT count(*) FROM users WHERE label IS DISTINCT FROM name"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    monkeypatch.setattr(foreman, "NOTE_EVERY", 0.01)


@contextmanager
def held_back(database: Database, word: str, then: Callable[[], object]) -> Iterator[list[str]]:
    """Waits beside the body until the ledger says that this holds the backfill back, and then does something."""
    seen: list[str] = []

    def watch() -> None:
        def said() -> bool:
            told = database.execute("SELECT throttle FROM zdmigrate.backfill WHERE throttle IS NOT NULL")
            seen.extend(reason for (reason,) in told)
            return any(word in reason for reason in seen)

        try:
            until(said)
        finally:
            then()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield seen
    watcher.join()
    assert any(word in reason for reason in seen), seen


def test_a_standby_that_falls_behind_holds_it_back_in_bytes(own_server: Server, tmp_path: Path) -> None:
    """A real standby, whose replay stands still until the backfill has noticed."""
    server = RunningServer(own_server.dsn(), own_server.major)
    config = tmp_path / "zdmigrate.toml"
    config.write_text('replicas = "no-readers"\n')
    with server.database() as database, standby_of(own_server) as standby:
        database.execute(TABLES)
        project = Project(database, tmp_path, database.dsn)
        project.done("init", "--release", "v1")
        project.write("001_label.sql", CHANGE)
        with psycopg.connect(standby.dsn(), autocommit=True) as replay:
            replay.execute("SELECT pg_wal_replay_pause()")
            with held_back(database, "behind", lambda: replay.execute("SELECT pg_wal_replay_resume()")) as seen:
                told = project.expand("--config", str(config), "--max-lag-bytes", "64kB", "--max-lag", "1h")
        assert told.code == 0, told.text
        assert any("walreceiver is" in reason and "(max_lag_bytes 64kB)" in reason for reason in seen)
        assert database.execute(LEFT) == [(0,)]


@pytest.mark.parametrize(
    "make", ["pg_create_physical_replication_slot('{}', true)", "pg_create_logical_replication_slot('{}', 'pgoutput')"]
)
def test_a_slot_that_keeps_wal_holds_it_back(make: str, project: Project) -> None:
    name = f"kept_{project.database.name}"
    project.database.execute(f"SELECT {make.format(name)}")
    project.write("001_label.sql", CHANGE)
    with held_back(
        project.database,
        f"replication slot {name}, which nobody reads keeps",
        lambda: project.database.execute(f"SELECT pg_drop_replication_slot('{name}')"),
    ):
        project.done("apply", "--phase", "expand", "--release", "v2", "--max-slot-bytes", "32kB")
    assert project.database.execute(LEFT) == [(0,)]


def test_rows_a_second_are_limited(project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    began = time.monotonic()
    project.done("apply", "--phase", "expand", "--release", "v2", "--max-rows-per-second", "4000")
    assert time.monotonic() - began > 0.4, "2,000 rows, less what the last batch leaves to wait for"


def test_bytes_a_second_are_limited(project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    began = time.monotonic()
    project.done("apply", "--phase", "expand", "--release", "v2", "--max-bytes-per-second", "200kB")
    assert time.monotonic() - began > 0.35, "13 blocks of 8 kB"


def scene(connection: Connection, database: Database, *pids: int, now: float = 0.0, rows: int = 0) -> Scene:
    [(oid,)] = database.execute("SELECT 'users'::regclass::oid::bigint")
    return Scene(connection, Backfill(), now, [oid], list(pids), rows, 0.0)


def test_a_batch_that_a_query_of_the_app_waits_for_is_cancelled(project: Project) -> None:
    with (
        project.database.connect() as runner,
        project.database.connect() as batch,
        project.database.connect() as app,
    ):
        error: list[BaseException] = []

        def hold_rows() -> None:
            try:
                batch.execute("UPDATE users SET visits = 1 WHERE id < 10 AND pg_sleep(10) IS NOT NULL")
            except psycopg.errors.QueryCanceled as cancelled:
                error.append(cancelled)

        giving_way = GivingWay(time.monotonic, 0.2)
        held, waited = (
            threading.Thread(target=hold_rows),
            threading.Thread(target=lambda: app.execute("UPDATE users SET name = 'app' WHERE id = 1")),
        )
        project.database.execute("CREATE INDEX ON users (visits)")
        batch.execute("BEGIN")
        batch.execute("UPDATE users SET visits = 2 WHERE id = 1")
        held.start()
        giving_way.look(runner, [batch.info.backend_pid])
        assert not error, "nobody waits"
        waited.start()

        def cancelled() -> bool:
            giving_way.look(runner, [batch.info.backend_pid])
            return bool(error)

        until(cancelled)
        held.join()
        batch.rollback()
        waited.join()
        assert giving_way.word() == "gives way: a query of the app waited for a row"
    assert project.database.execute("SELECT name FROM users WHERE id = 1") == [("app",)]


def test_queries_that_wait_for_the_table_hold_it_back(project: Project) -> None:
    database = project.database
    with (
        database.connect() as runner,
        database.connect() as ddl,
        database.connect(application_name="shop web") as app,
    ):
        assert Waiting().reason(scene(runner, database)) == ""
        ddl.execute("BEGIN")
        ddl.execute("LOCK TABLE users")
        reading = threading.Thread(target=lambda: app.execute("SELECT 1 FROM users LIMIT 1"))
        reading.start()
        until(lambda: "'shop web' waits for a lock on users for " in Waiting().reason(scene(runner, database)))
        assert Waiting().reason(scene(runner, database, app.info.backend_pid)) == "", "not for our own"
        ddl.rollback()
        reading.join()


def test_a_snapshot_that_keeps_dead_rows_holds_it_back_and_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = project.database
    role = database.create_role("deployer")
    with (
        database.connect(user=role) as runner,
        database.connect(application_name="nightly report") as report,
    ):
        watched = Horizon()
        assert watched.reason(scene(runner, database)) == ""
        report.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        report.execute("SELECT 1")
        assert watched.reason(scene(runner, database, now=0.0)) == ""
        assert watched.reason(scene(runner, database, now=horizon.HELD, rows=400)) == "", "autovacuum would wait, too"
        told = watched.reason(scene(runner, database, now=horizon.HELD, rows=500))
        assert "'nightly report'" in told
        assert "VACUUM cannot clear 500 dead rows" in told
        report.rollback()
        assert watched.reason(scene(runner, database, now=99.0, rows=500)) == ""


def test_a_snapshot_pauses_a_backfill_until_it_is_gone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon, "HELD", 0.0)
    project.write("001_label.sql", CHANGE)
    with project.database.connect(application_name="nightly report") as report:
        report.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        report.execute("SELECT 1")
        with held_back(project.database, "'nightly report'", report.rollback):
            project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute(LEFT) == [(0,)]


def test_what_cannot_be_looked_at_holds_it_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail closed: a look that the server refuses is a reason, until it succeeds."""
    refuses = [True]

    def reason(lag: Lag, scene: Scene) -> str:
        scene.connection.execute("SELECT 1 / 0" if refuses[0] else "SELECT 1")
        return ""

    monkeypatch.setattr(Lag, "reason", reason)
    project.write("001_label.sql", CHANGE)
    with held_back(project.database, "cannot look at lag: division by zero", lambda: refuses.__setitem__(0, False)):
        project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute(LEFT) == [(0,)]
