"""Somebody alters a table between a change's expand and its contract: told, and not contracted over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.run.project import Project

CHANGE = """
-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.label := NEW.name; RETURN NEW; END';
BEGIN;
CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fill();
ALTER TABLE users ENABLE ALWAYS TRIGGER fill;
COMMIT;
-- zdmigrate: contract
BEGIN;
DROP TRIGGER fill ON users;
DROP FUNCTION fill();
ALTER TABLE users DROP COLUMN visits;
COMMIT;
"""
OTHER = """
-- zdmigrate: expand
ALTER TABLE users ADD COLUMN note text;
CREATE INDEX CONCURRENTLY by_note ON users (note);
-- zdmigrate: contract
ALTER TABLE users DROP COLUMN note;
"""
FOREIGN = {
    "ALTER TABLE users ADD COLUMN extra int": "column extra was added (integer)",
    "CREATE INDEX by_name ON users (name)": "index by_name was added",
    "ALTER TABLE users ALTER COLUMN visits TYPE bigint": "column visits is bigint NOT NULL DEFAULT 0, and was integer",
    "ALTER TABLE users DROP COLUMN label": "column label is gone",
    "ALTER TABLE users DISABLE TRIGGER fill": "DISABLED",
    "CREATE OR REPLACE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'": "trigger fill is",
    "ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '')": "constraint named was added",
}


@pytest.mark.parametrize("statement", FOREIGN)
def test_a_contract_is_refused_with_what_somebody_altered(statement: str, project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    assert project.expand().code == 0
    project.database.execute(statement)
    told = project.contract()
    assert told.code == 3, told.text
    said = " ".join(told.out.split())
    assert "public.users is not what it was when 001_label was expanded" in said
    assert FOREIGN[statement] in said
    assert "--accept-changes --reason" in said
    assert project.state("001_label") == "expanded"


def test_what_somebody_altered_is_accepted_with_a_reason_that_is_recorded(project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    assert project.expand().code == 0
    project.database.execute("CREATE INDEX by_name ON users (name)")
    assert project.run("apply", "--phase", "contract", "--release", "v3", "--accept-changes").code == 2
    told = project.contract("--accept-changes", "--reason", "it was slow without")
    assert told.code == 0, told.text
    [(detail,)] = project.database.execute("SELECT detail FROM zdmigrate.event WHERE action = 'accept'")
    assert detail["why"] == "it was slow without"
    assert "index by_name was added" in str(detail["changes"])


def test_what_other_changes_of_ours_do_to_the_table_is_no_news(project: Project) -> None:
    """Both open at once, the later one contracted first."""
    project.write("001_label.sql", CHANGE)
    project.write("002_note.sql", OTHER)
    assert project.expand().code == 0
    (project.folder / "001_label.sql").rename(project.folder / "001_label.sql.away")
    told = project.contract()
    assert told.code == 0, told.text
    (project.folder / "001_label.sql.away").rename(project.folder / "001_label.sql")
    forced = ("--force", "--reason", "nobody else is here")
    told = project.run("apply", "--phase", "contract", "--release", "v4", *forced)
    assert told.code == 0, told.text
    assert project.state("001_label") == project.state("002_note") == "contracted"


def test_what_a_revert_of_ours_undoes_is_no_news(project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    project.write("002_note.sql", OTHER + "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN note;\n")
    assert project.expand().code == 0
    project.done("revert", "002_note")
    told = project.contract()
    assert told.code == 0, told.text


def test_a_run_that_was_resumed_does_not_take_its_own_first_half_for_somebody_elses(project: Project) -> None:
    project.write("001_label.sql", CHANGE)
    assert project.expand().code == 0
    project.write("002_note.sql", OTHER)
    project.database.execute("CREATE TABLE by_note (id int)")
    assert project.run("apply", "--phase", "expand", "--release", "v4").code == 4
    project.database.execute("DROP TABLE by_note")
    project.done("apply", "--phase", "expand", "--release", "v4")
    told = project.contract()
    assert told.code == 0, told.text
