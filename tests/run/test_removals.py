"""What removes or renames does not run in an expand, also where nobody linted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused

if TYPE_CHECKING:
    from tests.run.project import Project


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE users DROP COLUMN label", "drop-column"),
        ("ALTER TABLE users RENAME COLUMN name TO full_name", "rename-column"),
        ("ALTER TABLE users RENAME TO people", "rename-table"),
        ("DROP TABLE users", "drop-table"),
        ("TRUNCATE users", "truncate"),
        ("ALTER TABLE users SET SCHEMA other", "set-schema"),
    ],
)
def test_an_expand_that_removes_or_renames_is_refused_before_anything_runs(
    project: Project, statement: str, rule: str
) -> None:
    project.write("001_x.sql", f"-- zdmigrate: expand\nALTER TABLE users ADD COLUMN x int;\n{statement};\n")
    refused(project.expand(), 2, f"001_x.sql:3: an expand only adds, and this {rule} would be noticed", "allow")
    assert project.database.execute("SELECT count(*) FROM pg_attribute WHERE attname = 'x'") == [(0,)]


def test_what_is_new_in_the_change_may_be_dropped_in_it(project: Project) -> None:
    project.write("001_x.sql", "-- zdmigrate: expand\nCREATE TABLE scratch (id int);\nDROP TABLE scratch;\n")
    project.done("apply", "--phase", "expand", "--release", "v2")


def test_an_allow_with_its_reason_overrules(project: Project) -> None:
    project.write(
        "001_x.sql",
        "-- zdmigrate: expand\n-- zdmigrate: allow drop-column because nobody ever read it\n"
        "ALTER TABLE users DROP COLUMN visits;\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2")
