"""What a run shows to others than who started it: events, figures, the record."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.schemas import validator
from tests.run.project import refused
from tests.stories.runners import ROOT
from zdmigrate.cli.metrics import MetricsFile
from zdmigrate.plan.step import Step
from zdmigrate.run.events import BackfillProgress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.run.project import Project

CHANGE = """
-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
-- zdmigrate: backfill
UPDATE users SET label = name WHERE label IS NULL;
-- zdmigrate: contract
ALTER TABLE users DROP COLUMN name;
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN label;
"""
NUMBERS = """
-- zdmigrate: backfill
UPDATE users SET number = CASE WHEN id <= 2 THEN name::int ELSE id END WHERE number IS NULL;
"""
STEP = Step(position=0, section="backfill", mode="backfill", path="m/1.sql", line=3, statements=("UPDATE users",))


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("001_label.sql", CHANGE)
    return project


def events(told: str) -> list[dict[str, Any]]:
    """Each line, which is as the schema says."""
    found = [json.loads(line) for line in told.splitlines()]
    for each in found:
        validator("event-v1.schema.json").validate(each)
    return found


def figures(path: Path) -> dict[str, float]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


# ------------------------------------------------------------------------------------------- --log-format json


def test_every_event_of_a_run_is_a_line_of_json_and_the_result_stays_alone_on_stdout(shop: Project) -> None:
    printed = shop.expand("--log-format", "json", "--format", "json")
    assert json.loads(printed.out)["expanded"] == ["001_label"]
    told = events(printed.err)
    assert [each["event"] for each in told] == ["note", "phase", "step", "done", "step", "done", "finished"]
    assert told[2]["locks"] == {"public.users": "AccessExclusiveLock"}
    assert [told[place]["step"] for place in (2, 3, 4, 5)] == [1, 1, 2, 2]
    assert told[5]["rows"] == 2000


def test_who_is_in_the_way_and_the_error_that_ends_a_run_are_events(shop: Project) -> None:
    with shop.database.connect(application_name="report") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT FROM users")
        printed = shop.expand("--log-format", "json", "--lock-deadline", "2500ms", "--quiet")
    assert printed.code == 5
    waiting, error = events(printed.err)
    assert (waiting["event"], waiting["blockers"][0]["application"]) == ("waiting", "report")
    assert (error["event"], error["exit_code"]) == ("error", 5)
    assert error["next"]


def test_no_password_and_no_broken_line_comes_of_a_password(shop: Project) -> None:
    printed = shop.run(
        "apply", "--phase", "expand", "--release", "v2", "--log-format", "json", dsn="password='a\"b' port=x"
    )
    [error] = events(printed.err)
    assert 'a"b' not in error["message"]


# ------------------------------------------------------------------------------------------- --metrics-file


def test_the_figures_of_a_run_end_with_how_it_ended(shop: Project, tmp_path: Path) -> None:
    path = tmp_path / "zdmigrate.prom"
    assert shop.expand("--metrics-file", str(path)).code == 0
    ended = figures(path)
    assert (ended["zdmigrate_steps"], ended["zdmigrate_steps_done"], ended["zdmigrate_run_exit_code"]) == (2, 2, 0)
    assert ended["zdmigrate_run_active"] == 0
    assert ended["zdmigrate_backfill_rows_total"] == 2000
    assert 0 < ended["zdmigrate_lock_held_seconds_max"] <= ended["zdmigrate_step_seconds_total"]
    assert 'change="001_label",phase="expand"' in path.read_text()

    with shop.database.connect() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT FROM users")
        shop.contract("--lock-deadline", "1500ms", "--metrics-file", str(path))
    gave_up = figures(path)
    assert gave_up["zdmigrate_run_exit_code"] == 5
    assert gave_up["zdmigrate_lock_waiting_seconds"] > 0
    assert gave_up["zdmigrate_lock_blockers"] == 1
    assert [file.name for file in tmp_path.iterdir() if "prom" in file.name] == ["zdmigrate.prom"]


def test_a_gate_that_is_shut_is_in_the_figures(shop: Project, tmp_path: Path) -> None:
    shop.expand()
    path = tmp_path / "zdmigrate.prom"
    assert shop.run("apply", "--phase", "contract", "--release", "v3", "--metrics-file", str(path)).code == 3
    assert figures(path)["zdmigrate_run_exit_code"] == 3


def test_what_holds_a_backfill_back_and_the_rows_left_aside_are_figures(shop: Project, tmp_path: Path) -> None:
    shop.write("002_number.sql", "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN number int;\n" + NUMBERS)
    path = tmp_path / "zdmigrate.prom"
    limited = ("--max-rows-per-second", "100000", "--on-row-error", "quarantine")
    assert shop.expand("--metrics-file", str(path), *limited).code == 0
    ended = figures(path)
    assert ended["zdmigrate_backfill_rows_aside"] == 2
    assert 'zdmigrate_backfill_held_back{app="app",by="limit"} 0' in path.read_text(), "no more, once it is done"
    told = shop.done("status").out
    assert "2 rows could not be filled and are left aside, so the contract of 002_number is refused" in told
    status = json.loads(shop.done("status", "--format", "json").out)
    validator("status-v1.schema.json").validate(status)
    assert status["aside"] == [{"change": "002_number", "rows": 2}]


def test_a_backfill_that_is_held_back_says_by_what_kind_of_thing(tmp_path: Path) -> None:
    path = tmp_path / "zdmigrate.prom"
    file = MetricsFile(str(path), "app", itertools.count(step=2).__next__)
    file.progress(STEP, BackfillProgress("users", 1, 2, 3, 4.0, 5.0, throttle="x is 12 s behind", held_by=("lag",)))
    text = path.read_text()
    assert 'zdmigrate_backfill_held_back{app="app",by="lag"} 1' in text
    assert 'zdmigrate_backfill_held_back{app="app",by="horizon"} 0' in text
    assert "12 s behind" not in text, "a series of its own for each second"


def test_a_file_of_figures_that_cannot_be_written_any_more_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "figures"
    folder.mkdir()
    file = MetricsFile(str(folder / "zdmigrate.prom"), "app", time.time, told.append)
    (folder / "zdmigrate.prom").unlink()
    folder.rmdir()
    file.ended(0)
    file.ended(0)
    [sentence] = told
    assert "zdmigrate.prom cannot be written any more: No such file or directory; the run goes on" in sentence
    folder.mkdir()
    file.ended(0)
    assert (folder / "zdmigrate.prom").exists(), "it is tried again"


def test_a_file_of_figures_that_cannot_be_written_is_refused_before_anything_runs(shop: Project) -> None:
    printed = shop.expand("--metrics-file", "/nowhere/zdmigrate.prom")
    refused(printed, 2, "--metrics-file /nowhere/zdmigrate.prom cannot be written")
    assert shop.state("001_label") is None


# ------------------------------------------------------------------------------------------- pending contracts


def test_status_and_lint_warn_of_a_contract_that_has_been_pending_for_long(shop: Project) -> None:
    shop.write("002_index.sql", "-- zdmigrate: expand\nCREATE INDEX CONCURRENTLY by_visits ON users (visits);")
    shop.expand()
    assert "pending" not in shop.done("status").out
    shop.database.execute("UPDATE zdmigrate.change SET since = since - interval '40 days'")
    told = shop.done("status").out
    assert "warning: 001_label: its contract is pending since " in told
    assert ", 40 days\nnext: zdmigrate apply --phase contract" in told
    assert "002_index: its" not in told
    assert "001_label: its contract is pending" in shop.run("lint", "--dir", str(shop.folder)).err
    for options in (("--contract-within", "60d"), ("--contract-within", "0s")):
        assert "pending" not in shop.done("status", *options).text
        assert "pending" not in shop.run("lint", *options).text
    [overdue] = json.loads(shop.done("status", "--format", "json").out)["overdue"]
    assert (overdue["change"], overdue["state"]) == ("001_label", "expanded")


def test_lint_is_silent_about_a_ledger_that_is_not_there_or_not_for_its_role(shop: Project) -> None:
    shop.expand()
    shop.database.execute("UPDATE zdmigrate.change SET since = since - interval '40 days'")
    role = shop.database.create_role("linter")
    told = shop.run("lint", "--verbose", dsn=shop.database.dsn_as(role))
    assert "pending since" not in told.err
    assert "the ledger was not asked for pending contracts" in told.err
    shop.database.execute("DROP SCHEMA zdmigrate CASCADE")
    assert "contract" not in shop.run("lint", "--verbose").err


# ------------------------------------------------------------------------------------------- status --watch


def test_a_watch_from_another_terminal_sees_the_steps_of_a_run(shop: Project) -> None:
    with watching(shop) as lines:
        assert next(lines).startswith("Change ")
        while "no instance of app was seen" not in next(lines):
            pass
        shop.expand()
        told = [
            next(line for line in lines if word in line) for word in ("expand begins", "step 2 took", "is expanded")
        ]
    assert all("001_label" in line for line in told)


def test_a_watch_as_json_is_a_line_a_look_with_a_backfills_place(shop: Project) -> None:
    shop.expand("--no-backfill")
    shop.database.execute(
        "INSERT INTO zdmigrate.backfill (app, change, position, fingerprint, blocks, seconds, rows, throttle)"
        " VALUES ('app', '001_label', 1, '', 40, 2, 700, 'replica lag')"
    )
    with watching(shop, "--format", "json") as lines:
        looks = [json.loads(next(lines)) for _ in range(2)]
    for look in looks:
        validator("status-v1.schema.json").validate(look)
    [backfill] = looks[1]["backfills"]
    assert (backfill["step"], backfill["rows"], backfill["runs"]) == (2, 700, False)
    told = shop.done("status").out
    assert (
        "The backfill in step 2 of 001_label: 100%, 700 rows, nobody is at it: zdmigrate apply --phase backfill;"
        in told
    )
    assert "held back by replica lag." in told


@contextmanager
def watching(shop: Project, *options: str) -> Iterator[Iterator[str]]:
    """The lines of a ``status --watch`` that somebody else has started; it ends with Ctrl-C."""
    command = [sys.executable, "-m", "zdmigrate.cli.main", "status", "--watch", "--every", "50ms", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--dsn", shop.dsn, "--dir", str(shop.folder)], stdout=subprocess.PIPE, text=True, env=environment,
        stderr=subprocess.DEVNULL, cwd=ROOT,
    ) as watch:  # fmt: skip
        assert watch.stdout
        yield iter(watch.stdout)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(30) == 130


# ------------------------------------------------------------------------------------------- log


def test_the_log_tells_who_did_what_and_how_long_locks_took(shop: Project) -> None:
    shop.expand()
    shop.run("revert", "001_label")
    told = shop.done("log").out
    assert "as postgres, from 127.0.0.1, zdmigrate " in told.splitlines()[0]
    assert "001_label  expand step 1 of 2 done (" in told
    assert "for AccessExclusiveLock on public.users, held it " in told
    assert "001_label  expand step 2 took" in told
    assert told.splitlines()[-1].endswith("001_label  is reverted")
    assert len(shop.done("log", "--last", "2").out.splitlines()) == 3
    assert "init" not in shop.done("log", "001_label").out
    assert shop.done("log", "002_nothing").out.startswith("the record says nothing of 002_nothing\nnext: ")


def test_the_log_as_json_is_as_its_schema_says(shop: Project) -> None:
    shop.expand()
    told = json.loads(shop.done("log", "--format", "json").out)
    validator("log-v1.schema.json").validate(told)
    took = [entry["detail"] for entry in told["entries"] if entry["action"] == "took"]
    assert took[0]["locks"] == {"public.users": "AccessExclusiveLock"}
