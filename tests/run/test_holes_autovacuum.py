"""A step gets past an autovacuum, which gives way only to one that waits for longer than deadlock_timeout."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.run.project import Project, refused
from tests.run.waiting import until
from tests.servers.choose import SETTINGS
from tests.servers.database import Database, RunningServer
from tests.stories.harness import BUDGET
from tests.stories.lock_waits import LockWaits
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Connection

WORKER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%public.users%'"
SLOW_VACUUM = """
    CREATE TABLE users (id int PRIMARY KEY, name text);
    INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 60000) AS i;
    UPDATE users SET name = name || '!';
    ALTER TABLE users SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);
"""


@pytest.fixture
def vacuumed(tmp_path: Path) -> Iterator[Project]:
    """An autovacuum that would take minutes is at the table."""
    settings = {**SETTINGS, "autovacuum": "on", "autovacuum_naptime": "1s"}
    with Server.start(find(), settings=settings) as server:
        yield _vacuumed(Database(RunningServer(server.dsn(), server.major), "postgres"), tmp_path)


def _vacuumed(database: Database, folder: Path) -> Project:
    with database.connect() as connection:
        connection.execute(SLOW_VACUUM.encode())
    project = Project(database, folder, database.dsn)
    project.done("init", "--release", "v1")
    until(lambda: bool(database.execute(WORKER)))
    return project


AGED = "DO $$ BEGIN FOR i IN 1..110000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[Project]:
    """An autovacuum is at the table against wraparound, which has come near for it alone."""
    settings = {**SETTINGS, "autovacuum": "on", "autovacuum_naptime": "1s"}
    with Server.start(find(), settings=settings) as server:
        database = Database(RunningServer(server.dsn(), server.major), "postgres")
        with database.connect() as connection:
            connection.execute(SLOW_VACUUM.encode())
            connection.execute("ALTER TABLE users SET (autovacuum_enabled = off, autovacuum_freeze_max_age = 100000)")
            connection.execute(AGED)
        project = Project(database, tmp_path, database.dsn)
        project.done("init", "--release", "v1")
        until(lambda: bool(database.execute(WORKER)))
        yield project


@contextmanager
def app_writes(database: Database) -> Iterator[None]:
    """An app changes rows all the while; none of its queries waits longer than the lock budget."""
    over = threading.Event()

    def write() -> None:
        with database.connect(application_name="app writer") as app:
            while not over.wait(0.002):
                app.execute("UPDATE users SET name = 'written' WHERE id = 5")

    writing = threading.Thread(target=write)
    with LockWaits(database) as waits:
        writing.start()
        try:
            yield
        finally:
            over.set()
            writing.join()
    assert waits.samples
    assert waits.longest.seconds < BUDGET, waits.longest


def leaves_once_the_weak_lock_is_held(database: Database, reader: Connection) -> None:
    held = (
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE granted AND relation = 'users'::regclass"
        " AND mode = 'ShareUpdateExclusiveLock' AND application_name LIKE 'zdmigrate%'"
    )
    until(lambda: bool(database.execute(held)))
    for _ in range(20):
        reader.execute("SELECT count(*) FROM users")
    reader.execute("COMMIT")


def test_an_autovacuum_gives_way_and_the_app_does_not_wait(vacuumed: Project) -> None:
    """A report is in the way, too: until it ends, the weak lock is kept, and the strong one is not asked for."""
    database = vacuumed.database
    worker = database.execute(WORKER)
    vacuumed.write("001_label.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n")
    with app_writes(database), database.connect(application_name="app report") as reader:
        reader.execute("BEGIN; SELECT count(*) FROM users")
        leaving = threading.Thread(target=leaves_once_the_weak_lock_is_held, args=(database, reader))
        leaving.start()
        told = vacuumed.expand("--lock-deadline", "30s")
        leaving.join()
    assert told.code == 0, told.text
    assert database.execute(WORKER) != worker


@pytest.mark.long
def test_an_autovacuum_against_wraparound_is_waited_for_and_named_and_the_app_does_not_wait(aged: Project) -> None:
    """It gives way to nobody; what is in the way is told, up to the deadline."""
    database = aged.database
    worker = database.execute(WORKER)
    aged.write("001_label.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n")
    with app_writes(database):
        told = aged.expand("--lock-deadline", "6s")
    refused(told, 5, "no AccessExclusiveLock on public.users within 6 s", "VACUUM", "(to prevent wraparound)")
    assert database.execute(WORKER) == worker, "it did not give way"
    database.execute("ALTER SYSTEM SET autovacuum = off")
    database.execute("SELECT pg_reload_conf()")
    database.execute("SELECT pg_terminate_backend(%s)", worker[0][0])
    assert aged.expand().code == 0
