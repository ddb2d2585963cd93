"""Steps that did too much, too little, or without bounds: outside of transactions, under roles, interrupted."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from tests.run.waiting import until

if TYPE_CHECKING:
    from tests.run.project import Project
    from tests.stories.runners import Forge

BUILD = "CREATE INDEX CONCURRENTLY by_name ON users ({});\n"
PARTITIONS = (
    "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)"
)
DETACH = "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;\n"
PENDING = "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'p1'::regclass"


def index(project: Project) -> list[tuple[object, ...]]:
    query = "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = to_regclass('by_name')"
    return project.database.execute(query)


EXPAND = ("apply", "--phase", "expand", "--release", "v2")
CONTRACT = ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "nobody else is here")


# --------------------------------------------------------------------------- indexes


def test_a_build_that_fails_never_drops_the_valid_index_of_somebody_else(project: Project, forge: Forge) -> None:
    """It takes the name while our build waits to begin."""
    project.write("001_index.sql", "-- zdmigrate: expand\n" + BUILD.format("name"))
    with project.database.connect() as other:
        other.execute("BEGIN; CREATE INDEX by_name ON users (visits)")
        runner = forge.start(*project.at(project.dsn, *EXPAND))
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass"
        until(lambda: bool(project.database.execute(waits)))
        other.execute("COMMIT")
        assert runner.wait() == 4, runner.text
    assert 'relation "by_name" already exists' in runner.text
    [(valid, definition)] = index(project)
    assert valid
    assert "(visits)" in str(definition)


@pytest.mark.parametrize("expression", ["lower(users.name)", "(namely(users))"])
def test_an_invalid_leftover_of_any_expression_is_built_anew(expression: str, project: Project) -> None:
    """A column qualified with its table, and a function of its row: a twin of another name knows neither."""
    project.database.execute("CREATE FUNCTION namely(users) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1.name'")
    build = BUILD.format(expression)
    leave_invalid(project, build)
    project.write("001_index.sql", f"-- zdmigrate: expand\n{build}")
    told = project.expand()
    assert told.code == 0, told.text
    assert "an invalid index of an interrupted build was dropped and built anew" in told.text
    assert index(project)[0][0] is True


def test_a_valid_index_of_an_expression_with_the_tables_name_is_what_was_wanted(project: Project) -> None:
    project.database.execute(BUILD.format("lower(users.name)"))
    project.write("001_index.sql", "-- zdmigrate: expand\n" + BUILD.format("lower(users.name)"))
    assert "was there already" in project.expand().text


def test_an_invalid_leftover_is_built_anew_without_the_privilege_for_temporary_tables(empty_project: Project) -> None:
    project, database = empty_project, empty_project.database
    owner = database.create_role("owner")
    database.execute(
        f'GRANT CREATE ON DATABASE "{database.name}" TO "{owner}"; GRANT CREATE ON SCHEMA public TO "{owner}";'
        f'ALTER TABLE users OWNER TO "{owner}"; REVOKE TEMPORARY ON DATABASE "{database.name}" FROM PUBLIC'
    )
    dsn = database.dsn_as(owner)
    leave_invalid(project, BUILD.format("name"))
    project.write("001_index.sql", "-- zdmigrate: expand\n" + BUILD.format("name"))
    assert project.run("init", "--release", "v1", dsn=dsn).code == 0
    told = project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn)
    assert told.code == 0, told.text
    assert index(project)[0][0] is True


def leave_invalid(project: Project, build: str) -> None:
    """What a killed CREATE INDEX CONCURRENTLY leaves."""
    project.database.execute(build)
    project.database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_name'::regclass")


OLD_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class"
WRITING = "BEGIN; UPDATE users SET visits = 1 WHERE id = 1"


def interrupted_build(project: Project, forge: Forge, app_does: str, phase: str) -> str:
    """What a runner says that gets SIGTERM while its build waits for what the app does."""
    in_phase = "SELECT 1 FROM pg_stat_progress_create_index WHERE relid = 'users'::regclass AND phase = %s"
    with project.database.connect() as app:
        app.execute(app_does)
        runner = forge.start(*project.at(project.dsn, *EXPAND))
        until(lambda: bool(project.database.execute(in_phase, phase)))
        os.kill(runner.known_pid(), signal.SIGTERM)
        assert runner.wait() == 130, runner.text
    return runner.text


def test_an_interrupted_unique_build_leaves_no_index_that_refuses_the_apps_rows(project: Project, forge: Forge) -> None:
    unique = BUILD.format("name").replace("INDEX", "UNIQUE INDEX", 1)
    project.write("001_index.sql", f"-- zdmigrate: expand\n{unique}")
    assert "interrupted in step 1" in interrupted_build(project, forge, OLD_SNAPSHOT, "waiting for old snapshots")
    assert index(project) == []
    project.database.execute("INSERT INTO users (name) VALUES ('user 1')")


def test_an_interrupted_build_whose_index_cannot_be_dropped_says_what_it_leaves(project: Project, forge: Forge) -> None:
    """The drop would wait for the same transaction of the app that the build waited for."""
    project.write("001_index.sql", "-- zdmigrate: expand\n" + BUILD.format("name"))
    told = interrupted_build(project, forge, WRITING, "waiting for writers before build")
    assert "by_name is left invalid" in told
    assert "DROP INDEX CONCURRENTLY" in told
    assert project.expand().code == 0
    assert index(project)[0][0] is True


def test_dropping_an_index_that_never_existed_fails_each_time(project: Project) -> None:
    project.write("001_drop.sql", "-- zdmigrate: expand\nDROP INDEX CONCURRENTLY users_nmae_idx;\n")
    for _ in range(2):
        refused(project.expand(), 4, 'index "users_nmae_idx" does not exist')
    assert project.state("001_drop") == "expanding"


# --------------------------------------------------------------------------- what cannot be bounded


@pytest.mark.parametrize("statement", ["VACUUM FULL users", "VACUUM (FULL) users", "CLUSTER"])
def test_what_locks_the_app_out_for_as_long_as_it_takes_is_refused_at_plan(statement: str, project: Project) -> None:
    project.write("001_vacuum.sql", f"-- zdmigrate: expand\n{statement};\n")
    assert project.run("plan").code == 2
    refused(project.expand(), 2, "001_vacuum.sql:2: this locks out the app for as long as it takes")
    assert project.state("001_vacuum") is None


def test_a_schema_dropped_with_a_foreign_key_to_the_apps_table_waits_for_nobody_long(project: Project) -> None:
    """DROP SCHEMA … CASCADE names no table, and locks the one that the key points to."""
    project.database.execute("CREATE SCHEMA old; CREATE TABLE old.child (user_id bigint REFERENCES public.users)")
    project.write("001_old.sql", "-- zdmigrate: contract\nDROP SCHEMA old CASCADE;\n")
    assert project.expand().code == 0
    with project.database.connect() as app, project.database.connect(options="-c statement_timeout=20s") as other:
        app.execute("BEGIN; SELECT count(*) FROM users")
        asked = project.contract("--lock-deadline", "500ms")
        refused(asked, 5, "without making a query wait longer than 200 ms")
        assert other.execute("SELECT count(*) FROM users").fetchone() == (2000,)
    assert project.contract().code == 0


# --------------------------------------------------------------------------- partitions


def test_a_partition_is_not_detached_concurrently_in_an_expand(project: Project) -> None:
    project.database.execute(PARTITIONS)
    project.write("001_detach.sql", f"-- zdmigrate: expand\n{DETACH}")
    refused(project.expand(), 2, "interrupted, DETACH PARTITION CONCURRENTLY makes inserts fail", "contract")
    assert project.database.execute(PENDING) == [(False,)]


def test_a_detach_that_was_interrupted_half_way_is_finalized(project: Project, forge: Forge) -> None:
    project.database.execute(PARTITIONS)
    project.write("001_detach.sql", f"-- zdmigrate: contract\n{DETACH}")
    assert project.expand().code == 0
    with project.database.connect() as reader:
        reader.execute("BEGIN; SELECT count(*) FROM p")
        runner = forge.start(*project.at(project.dsn, *CONTRACT))
        until(lambda: project.database.execute(PENDING) == [(True,)])
        os.kill(runner.known_pid(), signal.SIGKILL)
        runner.wait()
        running = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE p DETACH%'"
        until(lambda: not project.database.execute(running))  # the server has noticed
    told = project.contract()
    assert told.code == 0, told.text
    assert "was half done, and is finalized" in told.text
    assert project.database.execute(PENDING) == []
    assert project.state("001_detach") == "contracted"


# --------------------------------------------------------------------------- roles and timeouts


def test_a_role_that_is_set_is_for_the_step_and_not_for_the_ledger(project: Project) -> None:
    role = project.database.create_role("owner")
    project.database.execute(f'GRANT CREATE ON SCHEMA public TO "{role}"')
    project.write(
        "001_owned.sql",
        f'-- zdmigrate: expand\nSET ROLE "{role}";\nCREATE TABLE owned (id int);\n'
        "ALTER TABLE owned ADD COLUMN more int;\n"
        "CREATE INDEX CONCURRENTLY owned_id ON owned (id);\n-- zdmigrate: expand\nCREATE TABLE ours (id int);\n",
    )
    told = project.expand()
    assert told.code == 0, told.text
    query = "SELECT relowner::regrole::text FROM pg_class WHERE relname = %s"
    assert project.database.execute(query, "owned_id") == [(role,)]
    assert project.database.execute(query, "ours") != [(role,)]
    project.database.execute(f'DROP OWNED BY "{role}"')


def test_a_databases_own_timeouts_do_not_end_a_step(project: Project) -> None:
    settings = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
    if project.database.server.major >= 17:
        settings.append("transaction_timeout")
    for setting in settings:
        project.database.execute(f"ALTER DATABASE \"{project.database.name}\" SET {setting} = '150ms'")
    project.write("001_wait.sql", "-- zdmigrate: expand\nSELECT pg_sleep(0.5);\n")
    told = project.expand()
    assert told.code == 0, told.text
