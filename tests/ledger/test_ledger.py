"""The ledger itself: made whole or not at all, once, by a program that knows it, on the server it belongs to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.run.project import Project, refused
from zdmigrate.ledger.ledger import create_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


@pytest.fixture
def project(database: Database, tmp_path: Path) -> Project:
    made = Project(database, tmp_path, database.dsn)
    made.write("001_a.sql", "-- zdmigrate: expand\nCREATE TABLE a (id int);\n")
    return made


def test_a_ledger_that_is_there_already_is_left_as_it_is(project: Project) -> None:
    project.done("init", "--release", "v1")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert "was in" in project.done("init", "--release", "v1").text
    assert project.state("001_a") == "expanded"


def test_two_that_create_the_ledger_at_once_both_have_it(database: Database) -> None:
    made: list[bool] = []
    failures: list[Exception] = []

    def create() -> None:
        with database.connect() as connection:
            try:
                made.append(create_ledger(connection))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
                failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(made) == [False, False, False, True]


def test_init_that_may_not_make_everything_makes_nothing(project: Project) -> None:
    role = project.database.create_role("half")
    project.database.execute(f'GRANT CREATE ON DATABASE "{project.database.name}" TO "{role}"')
    project.database.execute("REVOKE ALL ON LANGUAGE plpgsql FROM PUBLIC")
    guest = project.database.dsn_as(role)
    refused(project.run("init", "--release", "v1", dsn=guest), 2, "may not create the ledger")
    assert project.database.execute("SELECT to_regnamespace('zdmigrate') IS NULL") == [(True,)]


def test_a_ledger_of_another_version_is_refused_by_every_command(project: Project) -> None:
    project.done("init", "--release", "v1")
    project.database.execute("UPDATE zdmigrate.ledger SET version = 99")
    for command in (
        ("apply", "--phase", "expand", "--release", "v2"),
        ("status",),
        ("init", "--release", "v1"),
        ("plan",),
    ):
        refused(project.run(*command), 2, "the ledger has version 99", "use the zdmigrate that the other runners use")


def test_a_ledger_of_another_server_is_taken_over_only_when_asked(project: Project) -> None:
    project.done("init", "--release", "v1")
    project.done("apply", "--phase", "expand", "--release", "v2")
    project.database.execute("SELECT zdmigrate.beat('app', 'v1', 'a')")
    project.database.execute("UPDATE zdmigrate.ledger SET system_identifier = '42'")
    refused(project.run("apply", "--phase", "expand", "--release", "v2"), 2, "made on another server", "--adopt")
    assert project.run("init", "--release", "v1", "--adopt").code == 2, "without a reason"
    project.done("init", "--release", "v1", "--adopt", "--reason", "restored from Monday's backup")
    assert project.state("001_a") == "expanded", "the ledger stays"
    assert project.database.execute("SELECT count(*) FROM zdmigrate.instance") == [(0,)]
    [(why,)] = project.database.execute("SELECT detail ->> 'reason' FROM zdmigrate.event WHERE action = 'adopt'")
    assert why == "restored from Monday's backup"
    refused(project.run("init", "--release", "v1", "--adopt", "--reason", "again"), 2, "this server's own already")


def test_a_baseline_is_never_run(project: Project) -> None:
    project.write("002_b.sql", "-- zdmigrate: expand\nCREATE TABLE b (id int);\n")
    project.done("init", "--release", "v1", "--baseline", "001_a")
    project.done("apply", "--phase", "expand", "--release", "v2")
    query = "SELECT to_regclass('a') IS NULL, to_regclass('b') IS NOT NULL"
    assert project.database.execute(query) == [(True, True)]
