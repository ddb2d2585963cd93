"""A backfill is changed while it runs, from another terminal: paused, resumed, stopped, slower, with more workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from tests.run.test_throttle import CHANGE, LEFT, held_back
from zdmigrate.run.backfills import foreman
from zdmigrate.run.backfills.tuning import tune

if TYPE_CHECKING:
    from tests.run.batches import AtBatch
    from tests.run.project import Project

ID = "001_label"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreman, "NOTE_EVERY", 0.01)


def say(project: Project, *, paused: bool | None = None, stop: bool = False, **settings: str) -> None:
    """What ``zdmigrate tune`` does, while another thread has stdout."""
    with project.database.connect() as other:
        named = {f"backfill.{name}": text for name, text in settings.items()}
        tune(other, "app", ID, named, paused=paused, stop=stop)


def test_a_paused_backfill_begins_no_batch_until_it_is_resumed(project: Project, at_batch: AtBatch) -> None:
    project.write(f"{ID}.sql", CHANGE)
    at_batch(3, lambda _: say(project, paused=True))
    with held_back(project.database, "paused by ", lambda: say(project, paused=False)) as seen:
        project.done("apply", "--phase", "expand", "--release", "v2", "--max-rows-per-second", "2000")
    assert any(f"zdmigrate tune {ID} --resume" in reason for reason in seen)
    assert project.database.execute(LEFT) == [(0,)]


def test_a_stopped_backfill_ends_with_130_and_a_later_run_goes_on(project: Project, at_batch: AtBatch) -> None:
    project.write(f"{ID}.sql", CHANGE)
    at_batch(3, lambda _: say(project, stop=True))
    told = project.expand("--max-rows-per-second", "2000")
    refused(told, 130, f"the backfill of {ID} was stopped by ", "zdmigrate apply --phase backfill goes on")
    project.done("apply", "--phase", "backfill")
    assert project.database.execute(LEFT) == [(0,)]


def test_the_number_of_workers_changes_while_they_work(project: Project, at_batch: AtBatch) -> None:
    project.database.execute("INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(2001, 30000) AS i")
    project.database.execute(
        "CREATE FUNCTION who() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.visits := pg_backend_pid(); RETURN NEW; END $$;"
        "CREATE TRIGGER who BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION who()"
    )
    project.write(f"{ID}.sql", CHANGE)
    at_batch(3, lambda _: say(project, workers="3"))
    project.done("apply", "--phase", "expand", "--release", "v2", "--workers", "1", "--max-rows-per-second", "40000")
    assert project.database.execute("SELECT count(DISTINCT visits) FROM users") == [(3,)]


def test_tune_shows_what_was_set_and_keeps_it_for_a_run_that_begins_later(project: Project) -> None:
    project.write(f"{ID}.sql", CHANGE)
    project.done("apply", "--phase", "expand", "--release", "v2", "--no-backfill")
    assert "nothing is set" in project.done("tune", ID).text
    assert "workers 3" in project.done("tune", ID, "--workers", "3", "--pause").text
    told = project.done("tune", ID, "--max-lag", "20s").text
    assert "workers 3, max-lag 20s" in told
    assert f"go on with: zdmigrate tune {ID} --resume" in told
    assert "paused" not in project.done("tune", ID, "--resume").text
    actions = project.database.execute("SELECT detail FROM zdmigrate.event WHERE action = 'tune' ORDER BY id")
    assert actions[0][0] == {"backfill.workers": "3", "paused": True}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("002_other", "--workers", "3"), "the ledger knows no change 002_other"),
        ((ID, "--workers", "many"), "--workers: 'many' is not a whole number"),
        ((ID, "--pause", "--resume"), "--pause and --resume at once"),
        ((ID, "--stop"), f"no backfill of {ID} is running"),
    ],
)
def test_tune_refuses_what_does_not_fit(options: tuple[str, ...], words: str, project: Project) -> None:
    project.write(f"{ID}.sql", CHANGE)
    project.done("apply", "--phase", "expand", "--release", "v2", "--no-backfill")
    told = project.run("tune", *options)
    assert told.code == 2, told.text
    assert words in told.err
