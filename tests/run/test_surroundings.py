"""A change goes on as it began, in the same schemas and time zone, whatever the role or the database has set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo

from tests.run.project import refused
from zdmigrate.ledger.connection import connect

if TYPE_CHECKING:
    from tests.run.project import Project

HALF = "-- zdmigrate: expand\nCREATE TABLE made (id int);\nSELECT 1 / (SELECT count(*) FROM mended);\n"
BITING = {
    "statement_timeout": "50ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "1ms",
    "idle_session_timeout": "100ms",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "standard_conforming_strings": "off",
    "row_security": "on",
    "transaction_timeout": "50ms",
}


def in_database(project: Project, setting: str, value: str) -> None:
    project.database.execute(f'ALTER DATABASE "{project.database.name}" SET {setting} = {value}')


@pytest.mark.parametrize("setting", BITING)
def test_what_the_role_or_the_database_has_set_does_not_bite(setting: str, project: Project) -> None:
    if setting == "transaction_timeout" and project.database.server.major < 17:
        setting = "statement_timeout"
    in_database(project, setting, f"'{BITING[setting]}'")
    project.write(
        "001_label.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text DEFAULT 'a\\b';\nSELECT pg_sleep(0.2);\n"
        "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
        "-- zdmigrate: expand\nSET statement_timeout = '10s';\nCREATE INDEX CONCURRENTLY by_label ON users (label);\n",
    )
    told = project.expand()
    assert told.code == 0, told.text
    with connect(project.dsn) as connection:
        [row] = connection.execute(f"SELECT pg_catalog.current_setting('{setting}')".encode()).fetchall()
    assert row[0] != BITING[setting]


def test_another_search_path_does_not_resume_a_change_in_another_schema(project: Project) -> None:
    """Hole 19: the second table would have been made in the other schema."""
    project.database.execute("CREATE SCHEMA other; CREATE TABLE mended (id int)")
    project.write("001_made.sql", HALF + "CREATE TABLE second (id int);\n")
    refused(project.expand(), 4, "division by zero")
    in_database(project, "search_path", "other, public")
    refused(project.expand(), 2, "001_made was begun by", "search_path", "it is other, public", "PGOPTIONS=")
    in_database(project, "search_path", '"$user", public')
    project.database.execute("INSERT INTO mended VALUES (1)")
    assert project.expand().code == 0
    assert project.database.execute("SELECT to_regclass('public.second') IS NOT NULL") == [(True,)]


def test_another_role_with_the_same_schemas_goes_on(project: Project) -> None:
    project.database.execute("CREATE TABLE mended (id int)")
    project.write("001_made.sql", HALF)
    assert project.expand().code == 4
    project.database.execute("INSERT INTO mended VALUES (1)")
    helping = project.database.dsn_as(project.database.create_role("at_night", "SUPERUSER"))
    told = project.run("apply", "--phase", "expand", "--release", "v2", dsn=helping)
    assert told.code == 0, told.text


def test_a_resumed_change_reads_times_as_it_did_before(project: Project) -> None:
    project.database.execute("CREATE TABLE mended (id int); CREATE TABLE told (zone text)")
    project.write("001_made.sql", HALF + "INSERT INTO told SELECT current_setting('TimeZone');\n")
    in_database(project, "TimeZone", "'Asia/Tokyo'")
    assert project.expand().code == 4
    in_database(project, "TimeZone", "'UTC'")
    project.database.execute("INSERT INTO mended VALUES (1)")
    assert project.expand().code == 0
    assert project.database.execute("SELECT zone FROM told") == [("Asia/Tokyo",)]


def test_a_backfills_workers_have_the_time_zone_that_the_change_began_with(project: Project) -> None:
    """A timestamp's text depends on it, and a batch that is run by another role's settings would differ."""
    fill = "-- zdmigrate: backfill\nUPDATE users SET label = timestamptz '2026-01-01 12:00+00'::text;\n"
    project.write("001_label.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n" + fill)
    in_database(project, "TimeZone", "'Asia/Tokyo'")
    project.done("apply", "--phase", "expand", "--release", "v2", "--no-backfill")
    in_database(project, "TimeZone", "'UTC'")
    project.done("apply", "--phase", "backfill")
    assert project.database.execute("SELECT DISTINCT label FROM users") == [("2026-01-01 21:00:00+09",)]


def test_a_steps_own_settings_end_with_it(project: Project) -> None:
    role = conninfo.conninfo_to_dict(project.dsn)["user"]
    project.database.execute("CREATE TABLE told (what text)")
    asked = "INSERT INTO told SELECT current_setting('{}');\n"
    project.write(
        "001_set.sql",
        "-- zdmigrate: expand\nSET search_path = pg_catalog;\nSET TimeZone = 'Asia/Tokyo';\nSELECT 1;\n"
        "-- zdmigrate: expand\n" + asked.format("search_path") + asked.format("TimeZone")
        + "INSERT INTO told SELECT current_user;\n",
    )  # fmt: skip
    assert project.expand().code == 0
    [(path,), (zone,), (user,)] = project.database.execute("SELECT what FROM told")
    assert "public" in path
    assert zone != "Asia/Tokyo"
    assert user == role
