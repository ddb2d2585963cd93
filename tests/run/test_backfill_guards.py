"""A backfill under health guards: paused while one says no, ended, or undone; its baseline is that of the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.batches import interrupt
from tests.run.project import refused
from tests.run.test_throttle import CHANGE, LEFT, held_back
from zdmigrate.run.backfills import foreman, throttle
from zdmigrate.run.backfills.foreman import Foreman

if TYPE_CHECKING:
    from pathlib import Path

    from tests.run.batches import AtBatch
    from tests.run.project import Project
    from zdmigrate.run.backfills.crew import Crew

SLOWLY = ("--max-rows-per-second", "3000")


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "EVERY", 0.0)
    monkeypatch.setattr(foreman, "NOTE_EVERY", 0.01)


@pytest.fixture
def number(tmp_path: Path) -> Path:
    """What the guard prints."""
    file = tmp_path / "number"
    file.write_text("10")
    return file


@pytest.fixture
def guarded(project: Project, number: Path, tmp_path: Path) -> tuple[str, str]:
    config = tmp_path / "zdmigrate.toml"
    config.write_text(f'[[guard]]\nname = "p99"\nmeasures = "p99"\ncommand = ["cat", "{number}"]\nevery = "10ms"\n')
    project.write("001_label.sql", CHANGE + "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN label;\n")
    return "--config", str(config)


def test_it_pauses_while_a_guard_says_no(
    project: Project, number: Path, guarded: tuple[str, str], at_batch: AtBatch
) -> None:
    at_batch(3, lambda _: number.write_text("21"))
    word = "guard p99: 21 is above 2 times what it was before the start, 10"
    with held_back(project.database, word, lambda: number.write_text("11")):
        told = project.expand(*guarded, *SLOWLY)
    assert told.code == 0, told.text
    assert project.database.execute(LEFT) == [(0,)]


def test_it_ends_where_the_guard_shall_end_it_and_a_resumed_run_keeps_the_baseline(
    project: Project, number: Path, guarded: tuple[str, str], at_batch: AtBatch
) -> None:
    at_batch(3, lambda _: number.write_text("21"))
    told = project.expand(*guarded, *SLOWLY, "--guard-action", "abort")
    refused(told, 4, "the backfill of 001_label was ended: guard p99: 21 is above 2 times", "apply --phase backfill")
    told = project.run("apply", "--phase", "backfill", *guarded, "--guard-action", "abort")
    refused(told, 4, "what it was before the start, 10")
    number.write_text("11")
    assert project.run("apply", "--phase", "backfill", *guarded).code == 0
    assert project.database.execute(LEFT) == [(0,)]


def test_it_is_undone_where_the_guard_shall_undo_it(
    project: Project, number: Path, guarded: tuple[str, str], at_batch: AtBatch
) -> None:
    at_batch(3, lambda _: number.write_text("21"))
    told = project.expand(*guarded, *SLOWLY, "--guard-action", "revert")
    refused(told, 4, "guard p99: 21 is above 2 times", "the change was reverted")
    assert project.state("001_label") == "reverted"
    assert not project.database.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'label'"
    )


def test_without_a_baseline_it_does_not_begin(project: Project, number: Path, guarded: tuple[str, str]) -> None:
    number.unlink()
    refused(project.expand(*guarded), 3, "guard p99 has no baseline: cat exited with 1", "no step was run")
    number.write_text("10")
    assert project.run("apply", "--phase", "backfill", *guarded).code == 0


def test_a_guard_that_cannot_be_measured_pauses_it(
    project: Project, number: Path, guarded: tuple[str, str], at_batch: AtBatch
) -> None:
    at_batch(3, lambda _: number.unlink())
    with held_back(project.database, "guard p99 cannot be measured: cat exited", lambda: number.write_text("9")):
        told = project.expand(*guarded, *SLOWLY)
    assert told.code == 0, told.text


def test_ctrl_c_ends_a_run_that_is_held_back(project: Project, guarded: tuple[str, str], at_batch: AtBatch) -> None:
    at_batch(3, interrupt)
    refused(project.expand(*guarded, *SLOWLY), 130, "interrupted in step 2")


def test_ctrl_c_between_a_query_and_its_answer_is_no_trouble_of_the_database(
    project: Project, guarded: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Foreman, crew: Crew) -> None:
        crew.session.connection.pgconn.send_query(b"SELECT pg_catalog.pg_sleep(600)")
        raise KeyboardInterrupt

    monkeypatch.setattr(Foreman, "tick", interrupted)
    refused(project.expand(*guarded), 130, "interrupted in step 2")
    assert project.database.execute("SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_catalog.pg_sleep'") == []
    monkeypatch.undo()
    assert project.expand(*guarded).code == 0
