"""The append-only record: who did what, from where, with which version, and how long each lock took."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

import psycopg
import pytest

import zdmigrate
from tests.run.project import Project, refused
from zdmigrate.ledger.record import Entry, read_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

CHANGE = """
-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
-- zdmigrate: backfill
UPDATE users SET label = name;
-- zdmigrate: expand
CREATE INDEX CONCURRENTLY by_label ON users (label);
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN label;
"""


@pytest.fixture
def project(database: Database, tmp_path: Path) -> Project:
    database.execute("CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'Ann')")
    made = Project(database, tmp_path, database.dsn)
    made.write("001_label.sql", CHANGE)
    made.done("init", "--release", "v1")
    return made


def entries(project: Project, *actions: str) -> list[Entry]:
    with project.database.connect() as connection:
        return [entry for entry in read_record(connection, "app") if not actions or entry.action in actions]


def test_every_entry_says_who_from_where_and_with_which_version(project: Project) -> None:
    assert project.expand().code == 0
    for entry in entries(project):
        assert entry.actor.startswith(f"{getpass.getuser()}@{socket.gethostname()} as ")
        assert entry.program == zdmigrate.__version__
        assert entry.address in (None, "127.0.0.1", "::1")


def test_each_step_is_recorded_with_its_place_and_then_with_what_it_took(project: Project) -> None:
    assert project.expand().code == 0
    done, took = entries(project, "step"), entries(project, "took")
    assert [entry.detail["step"] for entry in done] == [entry.detail["step"] for entry in took] == [1, 2, 3]
    assert [entry.detail["place"].rpartition(":")[2] for entry in done] == ["3", "5", "7"]
    lock, rows, _ = took
    assert lock.detail["locks"] == {"public.users": "AccessExclusiveLock"}
    assert 0 <= lock.detail["waited"] <= lock.detail["seconds"]
    assert 0 < lock.detail["held"] <= lock.detail["seconds"]
    assert rows.detail["rows"] == 1


def test_a_step_that_fails_and_the_run_that_goes_on_are_recorded(project: Project) -> None:
    project.database.execute("CREATE TABLE by_label (id int)")
    assert project.expand().code == 4
    [failure] = entries(project, "failed")
    assert failure.change == "001_label"
    assert failure.detail["step"] == 3
    assert "by_label is there already" in failure.detail["why"]
    project.database.execute("DROP TABLE by_label")
    assert project.expand().code == 0
    [resumed] = entries(project, "resumed")
    assert resumed.detail["state"] == "expanding"


def test_a_lock_that_was_not_to_be_had_is_recorded(project: Project) -> None:
    with project.database.connect(application_name="report") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT FROM users")
        refused(project.expand("--lock-deadline", "300ms"), 5, "report")
    [entry] = entries(project, "no lock")
    assert "no AccessExclusiveLock on public.users" in entry.detail["why"]


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'me'", "DELETE FROM {}", "TRUNCATE {}"])
def test_nothing_in_the_record_is_changed_or_deleted(statement: str, project: Project) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="nothing in it is changed or deleted"):
        project.database.execute(statement.format("zdmigrate.event"))
