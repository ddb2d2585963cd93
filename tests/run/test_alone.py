"""Statements that PostgreSQL refuses in a transaction: what an interruption left is found, and dealt with."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tests.run.project import refused

if TYPE_CHECKING:
    import pytest

    from tests.run.project import Project

BUILD = "CREATE INDEX CONCURRENTLY by_name ON users (lower(name) text_pattern_ops) INCLUDE (visits) WHERE visits >= 0"
EXPAND = f"-- zdmigrate: expand\n{BUILD};\n"


def leave_invalid(project: Project, build: str) -> None:
    """What a killed CREATE INDEX CONCURRENTLY leaves."""
    project.database.execute(build)
    project.database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_name'::regclass")


def definition(project: Project) -> list[tuple[object, ...]]:
    query = "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indexrelid = to_regclass('by_name')"
    return project.database.execute(query)


def number(project: Project) -> object:
    return project.database.execute("SELECT 'by_name'::regclass::oid")


def test_an_invalid_leftover_is_dropped_and_built_anew(project: Project) -> None:
    leave_invalid(project, BUILD)
    before = number(project)
    project.write("001_index.sql", EXPAND)
    told = project.expand()
    assert told.code == 0, told.text
    assert "an invalid index of an interrupted build was dropped and built anew" in told.text
    assert definition(project)[0][1] is True
    assert number(project) != before


def test_a_valid_index_of_the_same_definition_is_what_was_wanted(project: Project) -> None:
    project.database.execute(BUILD.replace("CONCURRENTLY by_name ON users", "by_name ON public.users USING btree"))
    before = number(project)
    project.write("001_index.sql", EXPAND)
    assert "was there already" in project.expand().text
    assert number(project) == before
    assert project.state("001_index") == "expanded"


def test_an_index_of_another_definition_is_refused_valid_or_not(project: Project) -> None:
    for other in ("(name)", "(lower(name))", "(lower(name) text_pattern_ops) WHERE visits >= 0"):
        project.database.execute("DROP INDEX IF EXISTS by_name")
        leave_invalid(project, f"CREATE INDEX by_name ON users {other}")
        project.write("001_index.sql", EXPAND)
        before = number(project)
        refused(project.expand(), 4, "by_name is there already, and is not what this statement would make")
        assert number(project) == before, "nobody's index is dropped"


def test_a_table_of_the_same_name_is_refused(project: Project) -> None:
    project.database.execute("CREATE TABLE by_name (id int)")
    project.write("001_index.sql", EXPAND)
    refused(project.expand(), 4, "by_name is there already")


def test_if_not_exists_does_not_accept_an_invalid_index(project: Project) -> None:
    build = BUILD.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS")
    leave_invalid(project, build)
    project.write("001_index.sql", f"-- zdmigrate: expand\n{build};\n")
    assert project.expand().code == 0
    assert definition(project)[0][1] is True


def test_duplicates_fail_a_unique_build_and_leave_no_invalid_index(project: Project) -> None:
    project.database.execute("UPDATE users SET name = 'twin' WHERE id < 3")
    project.write("001_index.sql", "-- zdmigrate: expand\nCREATE UNIQUE INDEX CONCURRENTLY by_name ON users (name);\n")
    refused(project.expand(), 4, "could not create unique index", "(name)=(twin) is duplicated", "23505")
    assert definition(project) == [], "every write would have kept it up"
    project.database.execute("UPDATE users SET name = 'one' WHERE id = 1")
    assert project.expand().code == 0
    assert definition(project)[0][1] is True


def test_a_build_waits_for_an_old_transaction_without_a_lock_timeout(project: Project) -> None:
    """lock_timeout would end it through any old snapshot in the database, and leave an invalid index (measured)."""
    project.write("001_index.sql", EXPAND)
    with project.database.connect() as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM users")

        def end_it_when_the_build_waits() -> None:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX C%' AND wait_event_type = 'Lock'"
            while not project.database.execute(waiting):
                time.sleep(0.02)
            time.sleep(0.5)  # more than the lock budget
            old.execute("COMMIT")

        ending = threading.Thread(target=end_it_when_the_build_waits)
        ending.start()
        told = project.expand()
        ending.join()
    assert told.code == 0, told.text


def test_an_orphan_that_still_builds_is_waited_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed runner's backend goes on until it notices; its index looks invalid while it builds."""
    project.write("001_index.sql", EXPAND)
    project.database.execute("CREATE TABLE before (id int)")
    with project.database.connect() as old, project.database.connect(application_name="orphan") as orphan:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM users")
        building = threading.Thread(target=lambda: orphan.execute(BUILD.encode()))
        building.start()
        while not project.database.execute("SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"):
            time.sleep(0.02)
        begun(project)

        def end_it() -> None:
            time.sleep(0.5)
            old.execute("COMMIT")

        ending = threading.Thread(target=end_it)
        ending.start()
        told = project.expand()
        ending.join()
        building.join()
    assert told.code == 0, told.text
    assert "the server still runs this statement for a runner that is gone; waiting for it" in told.text
    assert "was there already" in told.text


def begun(project: Project) -> None:
    """The ledger as the killed runner left it: release, change, and the intent of its first step."""
    from zdmigrate.plan.step import ALONE, Step

    step = Step(position=0, section="expand", mode=ALONE, path="", line=1, statements=(BUILD,))
    project.database.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('app', '001_index', 'expanding')")
    project.database.execute(
        "INSERT INTO zdmigrate.step (app, change, phase, position, state, fingerprint, token)"
        " VALUES ('app', '001_index', 'expand', 0, 'started', %s, 0)",
        step.fingerprint,
    )


def test_a_drop_that_was_begun_and_whose_index_is_gone_was_done(project: Project) -> None:
    project.database.execute("CREATE INDEX by_name ON users (name)")
    project.write("001_drop.sql", "-- zdmigrate: contract\nDROP INDEX CONCURRENTLY by_name;\n")
    assert project.expand().code == 0
    assert project.contract().code == 0
    assert definition(project) == []


def test_a_drop_of_what_was_never_there_fails(project: Project) -> None:
    project.write("001_drop.sql", "-- zdmigrate: contract\nDROP INDEX CONCURRENTLY by_name;\n")
    assert project.expand().code == 0
    refused(project.contract(), 4, 'index "by_name" does not exist')


def test_half_an_expand_is_reverted_also_where_its_index_was_never_built(project: Project) -> None:
    """The revert's DROP INDEX CONCURRENTLY has no IF EXISTS: what expand never made is no reason to fail."""
    project.write(
        "001_index.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\nALTER TABLE users ADD COLUMN label text;\n"
        f"{BUILD};\n-- zdmigrate: revert\nDROP INDEX CONCURRENTLY by_name;\nALTER TABLE users DROP COLUMN label;\n",
    )
    assert project.expand().code == 4
    told = project.revert("001_index")
    assert told.code == 0, told.text
    assert project.state("001_index") == "reverted"
