"""Health guards between the steps of an expand: it waits, ends, or is undone, and an outage's own migration passes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from tests.run.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.run.project import Project

CHANGE = """-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
CREATE INDEX CONCURRENTLY users_label ON users (label);
ALTER TABLE users ADD COLUMN other text;
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN IF EXISTS other;
DROP INDEX CONCURRENTLY IF EXISTS users_label;
ALTER TABLE users DROP COLUMN IF EXISTS label;
"""


@pytest.fixture
def number(tmp_path: Path, project: Project) -> Path:
    """What the guards print; one is absolute, the other relative."""
    file = tmp_path / "number"
    file.write_text("10")
    project.write("001_label.sql", CHANGE)
    guards = (f'[[guard]]\nname = "{name}"\ncommand = ["cat", "{file}"]\nevery = "10ms"\n' for name in ("queue", "p99"))
    thresholds = ("max = 100\n", "max_ratio = 2\n")
    text = "".join(guard + threshold for guard, threshold in zip(guards, thresholds, strict=True))
    (tmp_path / "zdmigrate.toml").write_text(text)
    return file


def options(number: Path, *more: str) -> tuple[str, ...]:
    return "--config", str(number.parent / "zdmigrate.toml"), *more


def test_an_app_that_is_well_is_not_held_up(project: Project, number: Path) -> None:
    assert project.expand(*options(number)).code == 0
    assert project.state("001_label") == "expanded"


def test_no_step_begins_while_a_guard_says_no(project: Project, number: Path) -> None:
    number.write_text("200")
    done: list[int] = []

    def mend() -> None:
        until(lambda: project.state("001_label") == "expanding")
        done.append(project.steps_done("001_label"))
        number.write_text("50")

    mending = threading.Thread(target=mend)
    mending.start()
    told = project.expand(*options(number))
    mending.join()
    assert (project.state("001_label"), done) == ("expanded", [0])
    assert "001_label waits until the app is well: guard queue: 200 is above 100" in told.text


def test_it_ends_where_the_guard_shall_end_it(project: Project, number: Path) -> None:
    number.write_text("200")
    told = project.expand(*options(number, "--guard-action", "abort"))
    refused(told, 4, "the expand of 001_label was ended: guard queue: 200 is above 100", "--phase expand goes on")
    assert project.state("001_label") == "expanding"


def test_it_is_undone_where_the_guard_shall_undo_it(project: Project, number: Path) -> None:
    number.write_text("200")
    refused(project.expand(*options(number, "--guard-action", "revert")), 4, "the change was reverted")
    assert project.state("001_label") == "reverted"


def test_a_resumed_run_compares_with_what_was_before_the_first(project: Project, number: Path) -> None:
    number.write_text("101")
    project.expand(*options(number, "--guard-action", "abort"))
    number.write_text("40")
    assert project.expand(*options(number)).code == 0, "40 is not above 2 times 101"
    kept = "SELECT detail -> 'measured' FROM zdmigrate.event WHERE action = 'guard baseline'"
    assert project.database.execute(kept) == [({"p99": 101.0},)]
    assert "before the expand: p99 101" in project.done("log").out


def test_the_migration_that_mends_an_outage_may_pass_them_by(project: Project, number: Path) -> None:
    number.write_text("none")
    refused(project.expand(*options(number)), 3, "guard p99 has no baseline", "--guard-action ignore")
    assert project.expand(*options(number, "--guard-action", "ignore")).code == 0
