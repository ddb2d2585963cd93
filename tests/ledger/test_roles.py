"""The three roles of ``init --roles``: each can do its part, and nothing else; nobody beats for another app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.run.project import Project, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Connection, Database

BEAT = "SELECT zdmigrate.beat(%s, 'v1', 'web-1')"
GOODBYE = "SELECT zdmigrate.goodbye(%s, 'v1', 'web-1')"


@pytest.fixture
def project(database: Database, tmp_path: Path) -> Project:
    """An app called after the database, so that its roles are dropped with it."""
    (tmp_path / "migrations").mkdir()
    made = Project(database, tmp_path / "migrations", database.dsn)
    made.write("001_a.sql", "-- zdmigrate: expand\nCREATE TABLE a (id int);\n")
    made.done("init", "--release", "v1", "--roles", "--app", database.name)
    database.execute(f'GRANT CREATE ON SCHEMA public TO "{database.name}_owner"')
    return made


def connect_as(project: Project, role: str) -> Connection:
    return project.database.connect(user=f"{project.database.name}_{role}")


def run_as(project: Project, role: str, *arguments: str) -> int:
    app = project.database.name
    return project.run(*arguments, "--app", app, dsn=project.database.dsn_as(f"{app}_{role}")).code


def may(connection: Connection, statement: str, *values: str) -> bool:
    try:
        connection.execute(statement.encode(), values)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def test_the_owner_runs_changes_and_owns_the_ledger(project: Project) -> None:
    assert run_as(project, "owner", "apply", "--phase", "expand", "--release", "v2") == 0
    assert run_as(project, "owner", "release", "floor") == 0
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'zdmigrate'"
    assert project.database.execute(owners) == [(f"{project.database.name}_owner",)]


def test_the_app_beats_and_asks_and_does_nothing_else(project: Project) -> None:
    assert run_as(project, "app", "ready", "--release", "v1") == 0
    assert run_as(project, "app", "status") == 2
    with connect_as(project, "app") as app:
        assert may(app, BEAT, project.database.name)
        assert may(app, GOODBYE, project.database.name)
        tables = app.execute(
            "SELECT format('zdmigrate.%I', relname) FROM pg_class WHERE relkind = 'r' AND"
            " relnamespace = 'zdmigrate'::regnamespace"
        ).fetchall()
        assert len(tables) > 10
        assert not any(may(app, f"SELECT FROM {table}") for (table,) in tables)
        assert not may(app, "SELECT zdmigrate.is_retired('a', 'b')")
        assert not may(app, "CREATE TABLE zdmigrate.mine (id int)")


def test_the_reader_looks_and_does_nothing_else(project: Project) -> None:
    for arguments in (["status"], ["plan"], ["live", "list"], ["release", "list"]):
        assert run_as(project, "reader", *arguments) == 0, arguments
    assert run_as(project, "reader", "release", "add", "v9") == 2
    assert run_as(project, "reader", "apply", "--phase", "expand", "--release", "v2") == 2
    with connect_as(project, "reader") as reader:
        assert not may(reader, BEAT, project.database.name)
        assert not may(reader, "DELETE FROM zdmigrate.fence")


def test_whoever_is_none_of_them_does_nothing(project: Project) -> None:
    project.database.create_role("stranger")
    with connect_as(project, "stranger") as stranger:
        assert not may(stranger, BEAT, project.database.name)
        assert not may(stranger, "SELECT FROM zdmigrate.release")


def test_beats_and_goodbyes_for_another_app_are_refused(project: Project) -> None:
    billing = project.database.create_role("billing")
    functions = "zdmigrate.beat(text, text, text), zdmigrate.goodbye(text, text, text)"
    project.database.execute(f'GRANT USAGE ON SCHEMA zdmigrate TO "{billing}"')
    project.database.execute(f'GRANT EXECUTE ON FUNCTION {functions} TO "{billing}"')
    with connect_as(project, "app") as app, connect_as(project, "billing") as other:
        assert may(app, BEAT, project.database.name)
        assert not may(app, BEAT, "billing"), "it is bound to its own app"
        assert may(other, BEAT, "billing"), "nobody is bound to billing"
        assert not may(other, BEAT, project.database.name)
        assert not may(other, GOODBYE, project.database.name)
        project.database.execute(f'GRANT "{project.database.name}_app" TO "{billing}"')
        assert may(other, BEAT, project.database.name), "a member speaks for what its group speaks for"


def test_a_flood_of_beats_is_one_row(project: Project) -> None:
    with connect_as(project, "app") as app:
        for _ in range(200):
            app.execute(BEAT.encode(), [project.database.name])
    assert project.database.execute("SELECT count(*) FROM zdmigrate.instance") == [(1,)]


def test_creating_the_roles_again_changes_nothing(project: Project) -> None:
    project.done("init", "--release", "v1", "--roles", "--app", project.database.name)
    assert project.database.execute("SELECT count(*) FROM zdmigrate.speaker") == [(1,)]


def test_a_role_that_may_not_create_roles_creates_nothing(database: Database, tmp_path: Path) -> None:
    role = database.create_role("small")
    made = Project(database, tmp_path, database.dsn_as(role))
    refused(made.run("init", "--release", "v1", "--roles"), 2, "may not set up these roles")
    assert database.execute("SELECT to_regnamespace('zdmigrate') IS NULL") == [(True,)]
