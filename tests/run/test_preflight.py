"""Before anything runs: every refusal at once, and a word on what a person should know of first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import conninfo

from tests.run.project import refused

if TYPE_CHECKING:
    from tests.run.project import Project

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
FILL = "-- zdmigrate: backfill\nUPDATE users SET label = name;\n"
SYNC = """
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.label := NEW.name; RETURN NEW; END';
CREATE TRIGGER "~fill" BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fill();
"""
TAKEN = {
    "column": ("ALTER TABLE users ADD COLUMN label int", "public.users.label is there already"),
    "table": ("CREATE TABLE made (id int)", "made is there already"),
    "trigger": (
        """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER "~fill" BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()""",
        "trigger ~fill on users is there already",
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_name_that_is_taken_is_told_before_anything_runs(what: str, project: Project) -> None:
    foreign, sentence = TAKEN[what]
    project.write("001_before.sql", "-- zdmigrate: expand\nCREATE TABLE before_it (id int);\n")
    project.write("002_label.sql", COLUMN + "CREATE TABLE made (id int);\n" + SYNC)
    project.database.execute(foreign)
    told = project.expand()
    refused(told, 2, sentence.removeprefix("public."), "002_label.sql:", "--baseline 002_label")
    assert project.state("001_before") is None, "not even the change before it"
    assert sentence.removeprefix("public.") in project.run("doctor").text


def test_a_function_of_other_arguments_is_no_taken_name(project: Project) -> None:
    project.database.execute("CREATE FUNCTION price(int) RETURNS int LANGUAGE sql AS 'SELECT $1'")
    project.write(
        "001_price.sql",
        "-- zdmigrate: expand\nCREATE FUNCTION price(int, text) RETURNS int LANGUAGE sql AS 'SELECT $1';\n",
    )
    told = project.expand()
    assert told.code == 0, told.text


def test_what_is_made_only_if_it_is_not_there_or_after_a_drop_is_no_taken_name(project: Project) -> None:
    project.database.execute("CREATE TABLE made (id int); CREATE VIEW seen AS SELECT 1 AS one")
    project.write(
        "001_made.sql",
        "-- zdmigrate: expand\nCREATE TABLE IF NOT EXISTS made (id int);\n"
        "-- zdmigrate: allow drop-view because nobody reads it\nDROP VIEW seen;\n"
        "CREATE VIEW seen AS SELECT 2 AS two;\n",
    )
    told = project.expand()
    assert told.code == 0, told.text


def test_all_refusals_are_told_at_once(project: Project) -> None:
    dsn = project.database.dsn_as(project.database.create_role("deploy"))
    role = conninfo.conninfo_to_dict(dsn)["user"]
    for grant in ("SCHEMA zdmigrate", "ALL TABLES IN SCHEMA zdmigrate", "ALL FUNCTIONS IN SCHEMA zdmigrate"):
        project.database.execute(f'GRANT ALL ON {grant} TO "{role}"')
    project.database.execute("CREATE TABLE made (id int)")
    project.write("001_label.sql", COLUMN + "CREATE TABLE made (id int);\n" + FILL)
    command = ("apply", "--phase", "expand", "--release", "v2", "--lock-budget", "2s", "--disk-free", "1kB")
    told = project.run(*command, dsn=dsn)
    refused(
        told,
        2,
        "4 things would stop this run:",
        "lock_budget (2s) is not below",
        "users belongs to",
        "it may not SELECT and UPDATE",
        "made is there already",
        "more on the server's disk (twice what is copied, and the indexes), and 1kB are free",
    )
    assert project.state("001_label") is None


def test_room_is_reckoned_from_what_is_copied_and_built(project: Project) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    assert "1MB are free" in project.expand("--disk-free", "200kB").err.replace("200kB", "1MB")
    assert project.run("doctor", "--disk-free", "200kB").code == 1
    told = project.run("doctor", "--disk-free", "1GB")
    assert told.code == 0, told.text
    assert "; 1GB are free" in told.text
    assert project.expand("--disk-free", "1GB").code == 0


WARNED = {
    "a trigger of the user's": (
        """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER own BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f()""",
        "users has BEFORE or UPDATE OF triggers (own)",
    ),
    "an inheritance child": ("CREATE TABLE child () INHERITS (users)", "users has inheritance children (child)"),
    "rights on a column": ("GRANT SELECT (name) ON users TO pg_monitor", "pg_monitor have rights on single columns"),
    "a publication": ("CREATE PUBLICATION p FOR TABLE users", "users is published (p)"),
    "an invalid index": (
        """CREATE INDEX broken ON users (name);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass""",
        "users has invalid indexes (broken)",
    ),
    "a view that the contract forgets": (
        "CREATE VIEW seen AS SELECT visits FROM users",
        "the contract of 001_label will be refused: ",
    ),
}


@pytest.mark.parametrize("what", WARNED)
def test_what_the_change_will_meet_is_told_by_doctor_and_before_the_run(what: str, project: Project) -> None:
    foreign, sentence = WARNED[what]
    project.database.execute(foreign)
    contract = "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN visits;\n"
    project.write("001_label.sql", COLUMN + SYNC + FILL + contract)
    assert sentence in " ".join(project.run("doctor").text.split())
    told = project.expand()
    assert told.code == 0, told.text
    assert sentence in " ".join(told.err.split())


def test_doctor_without_a_ledger_or_a_folder_looks_at_the_server_alone(empty_project: Project) -> None:
    told = empty_project.run("doctor")
    assert told.code == 1
    assert "has no ledger yet" in told.text


def test_a_dry_run_writes_nothing(project: Project) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    written = "SELECT pg_current_xact_id_if_assigned(), pg_snapshot_xmax(pg_current_snapshot())"
    before = project.database.execute(written)
    assert "ADD COLUMN label" in project.done("apply", "--phase", "expand", "--release", "v2", "--dry-run").text
    assert project.database.execute("SELECT count(*) FROM zdmigrate.change") == [(0,)]
    assert project.database.execute("SELECT version FROM zdmigrate.release") == [("v1",)]
    assert project.database.execute(written) == before, "not one transaction has written"
