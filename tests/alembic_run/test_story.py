"""Two versions of an app on SQLAlchemy live while autogenerate's revisions are run: nothing fails, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.alembic_run.apps import App
from tests.alembic_run.project import Project as Running
from tests.alembic_write.models import after, before
from tests.alembic_write.project import new_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


def old_row(number: int) -> dict[str, Any]:
    return {"name": f"old {number}", "email": f"old{number}", "legacy": "x", "total": number}


def new_row(number: int) -> dict[str, Any]:
    return {"full_name": f"new {number}", "email": f"new{number}", "total_big": number}


@pytest.mark.whole
def test_a_rename_a_type_a_drop_not_null_and_unique_pass_under_two_versions_of_the_models(
    tmp_path: Path, database: Database
) -> None:
    folder = tmp_path / "app"
    written = new_project(folder, database)
    written.revise(before(), "r1")
    written.upgrade()
    (folder / "zdmigrate.toml").write_text(f"source = 'alembic'\ndir = '{folder}'\n")
    project = Running(folder, database)
    project.done("init", "--release", "1", "--baseline")
    assert sorted(written.revise(after(), "e1")) == ["e1", "e1_contract"]
    new = App(project.url, after(), "full_name", new_row)
    with App(project.url, before(), "name", old_row) as old:
        old.goes_on()
        expanded = project.expand("2")
        assert expanded.code == 0, expanded.text
        assert project.current() == {"e1"}
        old.goes_on()
        with new:
            new.goes_on()
            old.goes_on()
    with App(project.url, after(), "full_name", lambda number: new_row(number + 100_000)) as newer:
        newer.goes_on()
        contracted = project.contract("3")
        assert contracted.code == 0, contracted.text
        newer.goes_on()
    assert project.current() == {"e1_contract"}
    assert old.failures == new.failures == newer.failures == []
    must_be = {**old.journal, **new.journal, **newer.journal}
    there = dict(database.execute("SELECT id, full_name FROM users"))
    assert {number: there.get(number) for number in must_be} == must_be
    assert written.check(after())
