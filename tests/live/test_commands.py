"""``live``, ``release`` and ``ready`` as they are called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli_lint.command import zdmigrate
from tests.docs.schemas import validator
from tests.live.shop import HOUR, MINUTE, until
from zdmigrate.cli.options import Console
from zdmigrate.cli.release_name import release_name
from zdmigrate.cli.watching import changes
from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.shop import Shop
    from tests.servers.database import Database

NOWHERE = "host=127.0.0.1 port=1 user=shop password=hunter2"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A folder with a configuration, a change, and no variable of the developer's own."""
    monkeypatch.delenv("ZDMIGRATE_RELEASE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zdmigrate.toml").write_text('app = "shop"\n')
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "c.sql").write_text("ALTER TABLE users ADD COLUMN full_name text;\n")
    if "shop" in request.fixturenames:
        monkeypatch.setenv("ZDMIGRATE_DSN", request.getfixturevalue("shop").database.dsn)


# --------------------------------------------------------------------------- ready


def test_ready_says_yes_no_and_cannot_say(shop: Shop) -> None:
    assert zdmigrate("ready", "--release", "v2").code == 0
    unknown = zdmigrate("ready", "--release", "v9")
    assert (unknown.code, unknown.out.splitlines()[0]) == (1, "shop v9: unknown release")
    nowhere = zdmigrate("ready", "--release", "v2", "--dsn", NOWHERE)
    assert nowhere.code == 4
    assert "does not answer" in nowhere.err
    assert "keeps its last answer" in nowhere.err
    assert "hunter2" not in nowhere.err


def test_ready_names_what_the_release_waits_for(shop: Shop) -> None:
    shop.release("v4", "c", "d")
    waiting = zdmigrate("ready", "--release", "v4")
    assert (waiting.code, waiting.out.splitlines()[0]) == (1, "shop v4: waiting for d: expand")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    retired = zdmigrate("ready", "--release", "v1")
    assert (retired.code, retired.out.splitlines()[0]) == (1, "shop v1: retired")


def test_ready_without_a_ledger_or_a_privilege_is_an_error_that_says_what_to_do(shop: Shop, database: Database) -> None:
    no_ledger = zdmigrate("ready", "--release", "v2", "--dsn", database.dsn)
    assert (no_ledger.code, "no ledger yet" in no_ledger.err, "zdmigrate init" in no_ledger.err) == (2, True, True)
    role = shop.database.create_role("nobody")
    refused = zdmigrate("ready", "--release", "v2", "--dsn", shop.database.dsn_as(role))
    assert (refused.code, "GRANT EXECUTE ON FUNCTION zdmigrate.beat" in refused.err) == (2, True)


# --------------------------------------------------------------------------- release


def test_release_add_registers_what_the_folder_holds(shop: Shop) -> None:
    assert "registered, with 1 change" in zdmigrate("release", "add", "v4").out
    assert "registered before" in zdmigrate("release", "add", "v4").out
    other = zdmigrate("release", "add", "v1")
    assert (other.code, "it has c besides" in other.err) == (2, True)


def test_release_add_warns_of_a_release_that_is_retired_already(shop: Shop) -> None:
    shop.execute("INSERT INTO zdmigrate.change (app, id, state, bound_to) VALUES ('shop', 'd', 'contracting', 'v3')")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'd', 'v3')")
    added = zdmigrate("release", "add", "v4")
    assert (added.code, "v4 is retired" in added.err) == (0, True)


def test_release_add_of_a_missing_folder_registers_nothing(shop: Shop) -> None:
    assert zdmigrate("release", "add", "v4", "--dir", "nowhere").code == 2
    assert shop.execute("SELECT count(*) FROM zdmigrate.release") == [(3,)]


def test_release_list_shows_the_order(shop: Shop) -> None:
    lines = zdmigrate("release", "list").out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["v1", "v2", "v3"]
    told = json.loads(zdmigrate("release", "list", "--format", "json").out)
    assert [release["release"] for release in told["releases"]] == ["v1", "v2", "v3"]


def test_release_bind_moves_a_change(shop: Shop) -> None:
    assert zdmigrate("release", "bind", "c", "--release", "v3").code == 0
    back = zdmigrate("release", "bind", "c", "--release", "v2")
    assert (back.code, "registered before it" in back.err) == (2, True)


def test_release_floor_prints_what_may_still_be_deployed(shop: Shop) -> None:
    shop.release("v1.1")
    assert zdmigrate("release", "floor").out.split() == ["v1", "v2", "v3", "v1.1"]
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    assert zdmigrate("release", "floor").out.split() == ["v2", "v3"]
    told = json.loads(zdmigrate("release", "floor", "--format", "json").out)
    assert (told["floor"], told["releases"]) == ("v2", ["v2", "v3"])
    none = zdmigrate("release", "floor", "--app", "billing")
    assert (none.code, none.out) == (1, "")


def test_a_release_registered_by_mistake_is_taken_out_when_nothing_hangs_on_it(shop: Shop) -> None:
    zdmigrate("release", "add", "72")
    assert zdmigrate("release", "remove", "72", "--reason", "a typo").code == 0
    assert shop.execute("SELECT detail ->> 'why' FROM zdmigrate.event WHERE action = 'remove release'") == [("a typo",)]
    assert zdmigrate("release", "remove", "72", "--reason", "again").code == 2


def test_a_release_that_something_hangs_on_stays(shop: Shop) -> None:
    shop.of("billing").release("7.2")
    shop.needs("c", [["billing", "7.2"]])
    shop.beat("v1")
    for arguments, why in (
        (["v1"], "instance web-1 of it was seen"),
        (["v2"], "c is bound to it"),
        (["7.2", "--app", "billing"], "c of shop needs it"),
    ):
        kept = zdmigrate("release", "remove", *arguments, "--reason", "tidiness")
        assert (kept.code, why in kept.err) == (2, True)


# --------------------------------------------------------------------------- live


def test_live_list_shows_every_version_and_every_instance(shop: Shop) -> None:
    assert "no instance of shop" in zdmigrate("live", "list").out
    shop.beat("v2")
    shop.seen("v1", HOUR, instance="web-7")
    shown = zdmigrate("live", "list").out
    assert "v1       lost   0 of 1" in shown
    versions, holds, instances = shown.split("\n\n")
    assert [line.split()[0] for line in versions.splitlines()[2:]] == ["v1", "v2"]
    assert holds.splitlines() == [
        "v1 holds c: it fell silent without a goodbye, 23 h still",
        "v2 holds no gate: it knows every change that waits",
    ]
    assert [line.split()[:3] for line in instances.splitlines()[2:]] == [
        ["v1", "web-7", "lost"],
        ["v2", "web-1", "live"],
    ]
    told = json.loads(zdmigrate("live", "list", "--format", "json").out)
    assert [(seen["instance"], seen["state"]) for seen in told["instances"]] == [("web-7", "lost"), ("web-1", "live")]
    old, new = told["versions"]
    assert (old["counts"], old["holds"], old["why"]) == (True, ["c"], "it fell silent without a goodbye")
    assert old["seconds_left"] == pytest.approx(23 * HOUR, abs=60)
    assert (new["counts"], new["speaks_for"], new["running"], new["seconds_left"]) == (False, ["c"], 1, None)


def test_a_version_that_no_waiting_contract_is_about_holds_nothing(shop: Shop) -> None:
    shop.execute("UPDATE zdmigrate.change SET state = 'contracted'")
    shop.beat("v1")
    [version] = json.loads(zdmigrate("live", "list", "--format", "json").out)["versions"]
    assert (version["counts"], version["why"]) == (False, "no contract waits")


def test_live_explain_says_what_has_to_happen_instance_by_instance(shop: Shop) -> None:
    assert "nothing of v1 was seen lately" in zdmigrate("live", "explain", "v1").out
    shop.beat("v1", "web-1")
    shop.seen("v1", 10 * MINUTE, left=True, instance="web-2")
    shop.seen("v1", HOUR, instance="web-3")
    shop.seen("v1", HOUR, left=True, instance="web-4")
    shop.beat("v2")
    first, *rest = zdmigrate("live", "explain", "v1").out.splitlines()
    assert first == "v1 holds c: it runs, or could start"
    assert [line.split()[1] for line in rest] == ["web-1", "web-2", "web-3", "web-4"]
    for line, words in zip(
        rest,
        ("stop it; when it says goodbye", "ends in 20 min", "in 23 h", "holds no gate any more"),
        strict=True,
    ):
        assert words in line
    assert zdmigrate("live", "explain", "v2").out == "v2 holds no gate: it knows every change that waits\n"


def test_live_explain_and_release_remove_speak_json(shop: Shop) -> None:
    shop.beat("v1")
    shop.release("v3.1", "c")

    told = json.loads(zdmigrate("live", "explain", "v1", "--format", "json").out)
    validator("live-explain-v1.schema.json").validate(told)
    assert (told["holds"], told["instances"][0]["instance"]) == (["c"], "web-1")
    assert "stop it" in told["instances"][0]["must_happen"]
    unseen = json.loads(zdmigrate("live", "explain", "v7", "--format", "json").out)
    validator("live-explain-v1.schema.json").validate(unseen)
    assert (unseen["holds"], unseen["why"]) == ([], "nothing of it was seen lately")
    removed = json.loads(zdmigrate("release", "remove", "v3.1", "--reason", "a typo", "--format", "json").out)
    validator("release-remove-v1.schema.json").validate(removed)
    assert removed["removed"] == "v3.1"


def test_a_retired_instance_that_beats_catches_the_eye(shop: Shop) -> None:
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    shop.beat("v1")
    assert "RETIRED, must stop" in zdmigrate("live", "list").out


def test_live_retire_takes_out_what_is_lost_and_refuses_while_it_beats(shop: Shop) -> None:
    shop.seen("v1", HOUR)
    shop.beat("v1", "web-2")
    beating = zdmigrate("live", "retire", "v1", "--reason", "gone")
    assert (beating.code, "web-2 was seen" in beating.err) == (3, True)
    assert zdmigrate("live", "retire", "v1", "--instance", "web-1", "--reason", "gone").out == "gone: web-1\n"
    assert zdmigrate("live", "retire", "v9", "--reason", "gone").code == 2


def test_a_commands_flag_may_say_how_long_a_beat_is_worth(shop: Shop) -> None:
    shop.seen("v1", MINUTE // 2)
    assert "live" in zdmigrate("live", "list").out
    assert "lost" in zdmigrate("live", "list", "--heartbeat-ttl", "10s").out


def test_watching_tells_each_change_once() -> None:
    before = {("v1", "a"): "live", ("v1", "b"): "live"}
    now = {("v1", "a"): "lost", ("v1", "b"): "live", ("v2", "c"): "live"}
    assert list(changes(before, now)) == ["v1 a: lost, was live", "v2 c: live"]


def test_live_watch_goes_on_until_interrupted(shop: Shop) -> None:
    with running("live", "watch", "--every", "20ms") as watching:
        assert watching.line() == "no instance of shop was seen lately"
        shop.beat("v2")
        until(lambda: watching.line().endswith("v2 web-1: live"))
        assert watching.end(signal.SIGINT) == 130


# --------------------------------------------------------------------------- live beat


def test_live_beat_beats_until_sigterm_and_says_goodbye(shop: Shop) -> None:
    with running("live", "beat", "--release", "v2", "--instance", "web-1", "--every", "50ms") as beating:
        assert beating.line() == "web-1 beats for shop v2 every 0.05 s"
        [(first,)] = shop.execute("SELECT last_seen FROM zdmigrate.instance")
        until(lambda: shop.execute("SELECT last_seen FROM zdmigrate.instance") > [(first,)])
        assert beating.end(signal.SIGTERM) == 0
        assert beating.line() == "web-1 said goodbye"
    assert shop.execute("SELECT left_why FROM zdmigrate.instance") == [("goodbye",)]


def test_live_beat_interrupted_says_goodbye_too(shop: Shop) -> None:
    with running("live", "beat", "--release", "v2", "--instance", "web-1") as beating:
        beating.line()
        assert beating.end(signal.SIGINT) == 130
    assert shop.execute("SELECT left_why FROM zdmigrate.instance") == [("goodbye",)]


def test_live_beat_reconnects(shop: Shop) -> None:
    with running("live", "beat", "--release", "v2", "--instance", "web-1", "--every", "500ms") as beating:
        beating.line()
        beats = "application_name LIKE 'zdmigrate beat%' AND datname = current_database()"
        shop.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {beats}")
        assert "no answer, trying again every 0.5 s" in beating.complaint()
        assert beating.line() == "web-1 beats for shop v2 every 0.5 s"
        assert beating.end(signal.SIGTERM) == 0


def test_live_beat_ends_when_its_release_is_retired_and_says_no_goodbye(shop: Shop) -> None:
    """It does not know whether what it beats for has stopped."""
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    retired = zdmigrate("live", "beat", "--release", "v1", "--instance", "web-1", "--every", "1s")
    assert (retired.code, retired.out.splitlines()[0]) == (1, "shop v1: retired")
    assert shop.execute("SELECT left_why FROM zdmigrate.instance") == [(None,)]


def test_live_beat_without_a_ledger_is_an_error(shop: Shop, database: Database) -> None:
    refused = zdmigrate("live", "beat", "--release", "v2", "--instance", "i", "--dsn", database.dsn)
    assert (refused.code, "no ledger yet" in refused.err) == (2, True)


WRAPPED = ("live", "beat", "--release", "v2", "--instance", "web-1", "--every", "50ms", "--", sys.executable, "-uc")
WAITING = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("asked to stop"), sys.exit(7)))
print("serving")
while True: signal.pause()
"""


def test_a_wrapped_command_gets_the_signals_and_a_goodbye_follows_it(shop: Shop) -> None:
    with running(*WRAPPED, WAITING) as wrapper:
        assert wrapper.line() == "serving"
        until(lambda: shop.execute("SELECT left_at FROM zdmigrate.instance") == [(None,)])
        assert wrapper.end(signal.SIGTERM) == 7
        assert wrapper.line() == "asked to stop"
    assert shop.execute("SELECT left_why FROM zdmigrate.instance") == [("goodbye",)]


def test_a_wrapped_command_of_a_retired_version_is_told_to_stop(shop: Shop) -> None:
    with running(*WRAPPED, WAITING) as wrapper:
        assert wrapper.line() == "serving"
        shop.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('shop', 'new', 'contracting')")
        shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'new', 'v3')")
        assert wrapper.process.wait() == 7


def test_a_wrapped_command_runs_though_the_database_does_not_answer() -> None:
    ran = zdmigrate(*WRAPPED[:-3], "--dsn", NOWHERE, *WRAPPED[-3:], "raise SystemExit(3)")
    assert ran.code == 3
    assert zdmigrate("live", "beat", "--release", "v2", "--instance", "i", "--dsn", NOWHERE, "--", "/nowhere").code == 2


@pytest.mark.parametrize("every", ["10", "0s", "-1s", "soon"])
def test_how_often_must_be_a_length_of_time(every: str) -> None:
    assert zdmigrate("live", "beat", "--release", "v2", "--instance", "i", f"--every={every}").code == 2


class Running:
    """A command in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def complaint(self) -> str:
        assert self.process.stderr
        return self.process.stderr.readline()

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait()


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """Killed, should the test fail before it has ended."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "zdmigrate.cli.main", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, env=environment, stdout=pipe, stderr=pipe) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


# --------------------------------------------------------------------------- the name of the release


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_what_is_given_wins_over_the_variable_and_the_variable_over_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_RELEASE", "from-variable")
    assert release_name("given", Console()) == "given"
    assert release_name(None, Console()) == "from-variable"


def test_a_clean_checkout_names_its_commit_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    assert release_name(None, Console()) == commit
    assert capsys.readouterr().out == f"release: {commit} (the commit that is checked out)\n"
    (tmp_path / "migrations" / "d.sql").write_text("SELECT 1;\n")
    with pytest.raises(UsageError, match="changes that no commit names"):
        release_name(None, Console())


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_name_is_refused(empty: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        release_name(empty, Console())


def test_outside_of_git_a_name_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which release") as raised:
        release_name(None, Console())
    assert "ZDMIGRATE_RELEASE" in raised.value.hint


def test_a_repository_without_a_commit_has_no_name(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="which release"):
        release_name(None, Console())


COMMANDS = (
    *("live", "live beat", "live list", "live explain", "live watch", "live retire"),
    *("release", "release add", "release list", "release bind", "release floor", "release remove", "ready"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    assert "Example" in zdmigrate(*command.split(), "--help").out
