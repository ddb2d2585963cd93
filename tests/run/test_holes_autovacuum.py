"""A step gets past an autovacuum, which gives way only to one that waits for longer than deadlock_timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import Project
from tests.run.waiting import until
from tests.servers.choose import SETTINGS
from tests.servers.database import Database, RunningServer
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def test_an_autovacuum_gives_way_to_a_step_and_no_query_of_the_app_waits_for_it(vacuumed: Project) -> None:
    worker = vacuumed.database.execute(WORKER)
    vacuumed.write("001_label.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n")
    told = vacuumed.expand("--lock-deadline", "20s")
    assert told.code == 0, told.text
    assert vacuumed.database.execute(WORKER) != worker
