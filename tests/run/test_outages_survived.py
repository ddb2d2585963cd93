"""A server that goes and comes back in the middle of a run: the run goes on, and no step is done twice."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.run.conftest import TABLES
from tests.run.project import Project, refused
from tests.run.waiting import until
from tests.servers.database import Database, RunningServer
from tests.servers.standby import standby_of
from tests.stories.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stories.runners import Forge, Runner
    from zdmigrate.embedded.server import Server

COUNTED = "-- zdmigrate: expand\nUPDATE counters SET n = n + 1;\n"
COLUMN = "ALTER TABLE users ADD COLUMN label text;\n"
FILL = "-- zdmigrate: backfill batch=1000\nUPDATE users SET label = name WHERE label IS NULL;\n"
SLOW = "[backfill]\nworkers = 1\nmax_rows_per_second = 1500\n"
EXPAND = ("apply", "--phase", "expand", "--release", "v2")


@pytest.fixture
def project(own_server: Server, tmp_path: Path) -> Project:
    """On a server of its own."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    database = on(own_server)
    database.execute(TABLES)
    database.execute("CREATE TABLE counters AS SELECT 0 AS n")
    made = Project(database, folder, database.dsn)
    made.done("init", "--release", "v1")
    return made


def on(server: Server) -> Database:
    return Database(RunningServer(server.dsn(), server.major), "postgres")


def goes_on(project: Project, runner: Runner) -> None:
    assert runner.wait() == 0, runner.text
    assert "trying to connect again for up to 600 s" in runner.text
    assert "the server answers again after" in runner.text
    assert project.database.execute("SELECT n FROM counters") == [(1,)], "the step before it ran once"
    assert project.state("001_label") == "expanded"


def test_a_backfill_goes_on_from_its_cursor_when_the_server_is_back(
    project: Project, own_server: Server, forge: Forge
) -> None:
    project.write("001_label.sql", COUNTED + COLUMN + FILL)
    config = project.folder.parent / "zdmigrate.toml"
    config.write_text(SLOW)
    runner = forge.start(*project.at(project.dsn, *EXPAND, "--config", str(config)))
    filled = "SELECT count(*) FROM users WHERE label IS NOT NULL"
    until(lambda: project.steps_done("001_label") == 2 and project.database.execute(filled) != [(0,)])
    own_server.crash()
    own_server.restart()
    before = project.database.execute(filled)[0][0]
    goes_on(project, runner)
    assert before < 2000, "it was in the middle"
    assert project.database.execute(filled) == [(2000,)]
    assert project.database.execute("SELECT rows FROM zdmigrate.backfill_progress") == [(2000,)], "none of them twice"


@contextmanager
def in_the_way(project: Project) -> Iterator[None]:
    """Somebody reads for long; the connection does not outlive the server."""
    reader = project.database.connect()
    reader.execute("BEGIN; SELECT count(*) FROM users")
    try:
        yield
    finally:
        reader.close()


def test_a_step_that_waits_for_its_lock_waits_on_when_the_server_is_back(
    project: Project, own_server: Server, forge: Forge
) -> None:
    project.write("001_label.sql", COUNTED + COLUMN)
    with in_the_way(project):
        runner = forge.start(*project.at(project.dsn, *EXPAND, "--verbose"))
        until(lambda: "waiting for a lock" in runner.text)
        own_server.restart()
    goes_on(project, runner)


def test_a_standby_that_took_over_is_told_and_not_gone_on_with(
    project: Project, own_server: Server, forge: Forge
) -> None:
    """Whether it has all that was done is for a person to know, who may run the command again."""
    project.write("001_label.sql", COUNTED + COLUMN)
    with standby_of(own_server) as standby, Proxy(project.dsn) as proxy:
        unread = ("--config", str(project.folder.parent / "zdmigrate.toml"))
        (project.folder.parent / "zdmigrate.toml").write_text('replicas = "no-readers"\n')
        with in_the_way(project):
            runner = forge.start(*project.at(proxy.dsn, *EXPAND, *unread, "--verbose"))
            until(lambda: "waiting for a lock" in runner.text)
            proxy.upstream = ("127.0.0.1", standby.port)
            own_server.crash()
            on(standby).execute("SELECT pg_promote()")
        assert runner.wait() == 4, runner.text
        assert "a standby that was promoted, or a restored backup (timeline 1, now 2)" in runner.text
        assert "state: expand of 001_label: step 1 stands; step 2 of 2 was not completed, on the server" in runner.text
        printed = project.run(*EXPAND, *unread, dsn=standby.dsn())
        assert printed.code == 0, printed.text


def answers(project: Project) -> bool:
    try:
        return project.database.execute("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_a_statement_that_the_server_dies_of_is_tried_twice_and_no_more(project: Project) -> None:
    fatal = "DO $$ BEGIN COPY counters TO PROGRAM 'kill -9 $PPID'; END $$;\n"  # the backend is the shell's parent
    project.write("001_label.sql", COUNTED + fatal)
    told = project.expand()
    refused(told, 4, "the connection was lost in step 2 of expand 001_label", "step 1 stands")
    assert told.err.count("the server answers again after") == 1
    until(lambda: answers(project))
    assert project.database.execute("SELECT n FROM counters") == [(1,)]
