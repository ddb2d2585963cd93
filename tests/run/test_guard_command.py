"""``zdmigrate guard``: what a rollout's health comes to, who is told, and what is undone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.docs.schemas import validator
from tests.run.command import zdmigrate
from tests.run.project import refused
from tests.run.waiting import until
from zdmigrate.config import Rollout
from zdmigrate.guards import codedeploy, webhook
from zdmigrate.guards.codedeploy import Hook
from zdmigrate.run import giving_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.run.command import Printed
    from tests.run.project import Project

CHANGE = """-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
-- zdmigrate: contract
ALTER TABLE users DROP COLUMN name;
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN label;
"""
HOOK = ("--codedeploy", "d-ABC", "e-123")


@pytest.fixture
def number(tmp_path: Path, project: Project) -> Path:
    """What the guard ``errors`` prints, and ``slow``; v2 is expanded, and its rollout begins."""
    file = tmp_path / "number"
    file.write_text("0.001")
    (tmp_path / "zdmigrate.toml").write_text(
        f'[[guard]]\nname = "errors"\nmeasures = "error_rate"\ncommand = ["cat", "{file}"]\nevery = "10ms"\n'
        f'[[guard]]\nname = "slow"\nmeasures = "p99"\ncommand = ["cat", "{file}"]\nevery = "10ms"\n'
    )
    project.write("001_label.sql", CHANGE)
    assert project.expand().code == 0
    return file


def guard(project: Project, number: Path, *arguments: str) -> Printed:
    common = ("--config", str(number.parent / "zdmigrate.toml"), "--dsn", project.dsn, "--dir", str(project.folder))
    return zdmigrate("guard", *common, *arguments)


class Heard(BaseHTTPRequestHandler):
    """A deploy system."""

    server: Listening

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((body, self.headers["Authorization"]))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Nothing to stderr."""


class Listening(HTTPServer):
    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), Heard)
        self.heard: list[tuple[dict[str, Any], str | None]] = []
        self.answers = list(answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/7f3a"


@contextmanager
def deploy_system(*answers: int) -> Iterator[Listening]:
    with Listening(*answers) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


# --------------------------------------------------------------------------- what it comes to


def test_an_app_that_is_well_for_the_time_passes_and_the_record_says_so(project: Project, number: Path) -> None:
    told = guard(project, number, "--for", "50ms", "--format", "json")

    assert told.code == 0, told.text
    validator("guard-v1.schema.json").validate(json.loads(told.out))
    assert json.loads(told.out) | {"seconds": 0} == {
        "version": 1,
        "verdict": "well",
        "app": "app",
        "release": "v2",
        "breaches": [],
        "seconds": 0,
        "action": "abort",
        "baseline": {"slow": 0.001},
        "final": True,
        "reverted": [],
        "revert_refused": None,
        "untold": [],
    }
    assert "the rollout of v2 was well for" in project.done("log").out


def test_the_first_no_ends_it_with_exit_code_1(project: Project, number: Path) -> None:
    number.write_text("0.02")
    told = guard(project, number, "--for", "1h", "--guard", "errors")

    assert (told.code, told.out) == (
        1,
        "app is not well in the rollout of v2: guard errors: 0.02 is above 0.01\n",
    )
    assert "the rollout of v2 is not well: guard errors: 0.02 is above 0.01" in project.done("log").out


def test_a_baseline_of_before_the_rollout_is_what_it_is_compared_with(project: Project, number: Path) -> None:
    assert guard(project, number, "--take-baseline").out == "before app v2: slow 0.001\n"
    number.write_text("0.005")

    told = guard(project, number, "--for", "1h")

    assert told.code == 1
    assert "slow: 0.005 is above 2 times what it was before the start, 0.001" in told.out


def test_with_pause_the_time_begins_anew_once_all_is_well(project: Project, number: Path) -> None:
    number.write_text("0.02")
    threading.Timer(0.3, number.write_text, ["0.002"]).start()

    told = guard(project, number, "--guard", "errors", "--for", "20ms", "--action", "pause", "--wait", "1min")

    assert told.code == 0, told.text
    assert project.database.execute("SELECT count(*) FROM zdmigrate.event WHERE action = 'guard'") == [(1,)]


def test_with_pause_an_app_that_does_not_recover_is_not_yet_well(project: Project, number: Path) -> None:
    number.write_text("0.02")
    told = guard(project, number, "--guard", "errors", "--for", "20ms", "--action", "pause", "--wait", "10ms")

    assert told.code == 3


# --------------------------------------------------------------------------- a command


def test_a_command_runs_under_it_and_its_own_failure_is_its_own(project: Project, number: Path) -> None:
    assert guard(project, number, "--for", "10ms", "--", "true").code == 0
    failed = guard(project, number, "--for", "1h", "--", "sh", "-c", "exit 7")
    assert (failed.code, "sh ended with 7; no guard said no" in failed.err) == (7, True)
    assert guard(project, number, "--", "/no/such/program").code == 2


def test_a_command_is_told_to_stop_at_the_first_no_and_is_not_begun_after_one(
    project: Project, number: Path, tmp_path: Path
) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 0' TERM; touch {begun}; while :; do sleep 0.02; done"

    def break_it() -> None:
        until(begun.exists)
        number.write_text("0.02")

    breaking = threading.Thread(target=break_it)
    breaking.start()

    told = guard(project, number, "--guard", "errors", "--", "sh", "-c", script)

    breaking.join()
    assert (told.code, ended.exists()) == (1, True)
    assert "sh is told to stop" in told.err
    begun.unlink()
    assert guard(project, number, "--", "touch", str(begun)).code == 1
    assert not begun.exists()


# --------------------------------------------------------------------------- revert


def test_with_revert_the_releases_expand_is_undone(project: Project, number: Path) -> None:
    number.write_text("0.02")
    told = guard(project, number, "--guard", "errors", "--for", "1h", "--action", "revert")

    assert (told.code, project.state("001_label")) == (1, "reverted"), told.text
    assert told.out.endswith("; reverted: 001_label\n")


def test_with_revert_it_waits_until_the_release_is_gone(
    project: Project, number: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_up, "POLL", 0.05)
    project.database.execute("SELECT zdmigrate.beat('app', 'v2', 'web-1')")
    number.write_text("0.02")
    bad = ("--guard", "errors", "--for", "1h", "--action", "revert", "--wait")

    refused(guard(project, number, *bad, "1ms"), 3, "001_label is needed by versions that run", "v2 on web-1")
    assert project.state("001_label") == "expanded"
    threading.Timer(0.3, project.database.execute, ["SELECT zdmigrate.goodbye('app', 'v2', 'web-1')"]).start()
    assert guard(project, number, *bad, "1min").code == 1
    assert project.state("001_label") == "reverted"


# --------------------------------------------------------------------------- who is told


def test_the_webhook_hears_the_verdict(project: Project, number: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "abc")
    number.write_text("0.02")
    with deploy_system(503) as system:
        hook = ("--webhook", system.url, "--webhook-token", "HOOK_TOKEN")
        told = guard(project, number, "--guard", "errors", "--for", "1h", *hook)

    assert told.code == 1
    assert [(body["verdict"], body["release"], token) for body, token in system.heard] == [
        ("unwell", "v2", "Bearer abc")
    ] * 2, "what answers 503 is asked again"


def test_the_webhook_hears_that_an_app_is_not_well_and_that_it_has_recovered(project: Project, number: Path) -> None:
    number.write_text("0.02")
    with deploy_system() as system:

        def recover() -> None:
            until(lambda: bool(system.heard))
            number.write_text("0.002")

        recovering = threading.Thread(target=recover)
        recovering.start()
        hook = ("--webhook", system.url, "--action", "pause", "--wait", "1min")
        told = guard(project, number, "--guard", "errors", "--for", "20ms", *hook)
        recovering.join()

    assert told.code == 0, told.text
    heard = [(body["verdict"], bool(body["breaches"]), body["final"]) for body, _ in system.heard]
    assert heard == [("unwell", True, False), ("well", False, False), ("well", False, True)]
    for body, _ in system.heard:
        validator("guard-v1.schema.json").validate(body)


def test_a_webhook_that_redirects_has_heard_nothing(project: Project, number: Path) -> None:
    with deploy_system(302) as system:
        told = guard(project, number, "--for", "10ms", "--webhook", system.url)

    assert (told.code, len(system.heard)) == (4, 1)
    assert "the webhook answers 302 Found, and leads elsewhere" in told.err


def test_a_verdict_that_nobody_has_heard_is_no_success(project: Project, number: Path) -> None:
    with deploy_system(404) as system:
        told = guard(project, number, "--for", "10ms", "--webhook", system.url)

    assert (told.code, len(system.heard)) == (4, 1), "what answers 404 is not asked again"
    assert "the webhook answers 404 Not Found; it has not heard this verdict" in told.err
    assert "7f3a" not in told.text, "its path may be a secret"


def test_a_webhook_whose_token_is_not_set_is_not_called() -> None:
    with deploy_system() as system, pytest.raises(webhook.Untold, match="the variable NO_SUCH, which holds"):
        webhook.tell(Rollout(webhook=system.url, webhook_token="NO_SUCH"), {})
    assert system.heard == []


@pytest.mark.parametrize(("errors", "status", "code"), [("0.001", "Succeeded", 0), ("0.02", "Failed", 1)])
def test_a_lifecycle_hook_of_codedeploy_is_answered(
    errors: str, status: str, code: int, project: Project, number: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("codedeploy", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="y")
    monkeypatch.setattr(codedeploy, "client", lambda: client)
    number.write_text(errors)
    with Stubber(client) as stub:
        asked = {"deploymentId": "d-ABC", "lifecycleEventHookExecutionId": "e-123", "status": status}
        stub.add_response("put_lifecycle_event_hook_execution_status", {}, asked)
        told = guard(project, number, "--guard", "errors", "--for", "10ms", *HOOK)
        stub.assert_no_pending_responses()

    assert told.code == code, told.text


def test_a_hook_that_codedeploy_does_not_know_is_told() -> None:
    client = boto3.client("codedeploy", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        stub.add_client_error(
            "put_lifecycle_event_hook_execution_status", "InvalidLifecycleEventHookExecutionIdException"
        )
        with pytest.raises(webhook.Untold, match="InvalidLifecycleEventHookExecutionId"):
            codedeploy.put_status(client, Hook("d-ABC", "e-123"), well=True)


# --------------------------------------------------------------------------- what is refused


def test_a_guard_that_cannot_guard_is_refused(project: Project, number: Path) -> None:
    assert "for how long" in guard(project, number).err
    unknown = guard(project, number, "--for", "1s", "--guard", "error")
    assert (unknown.code, "did you mean errors" in unknown.err) == (2, True)
    none = zdmigrate("guard", "--for", "1s", "--dsn", project.dsn)
    assert (none.code, "no [[guard]] is configured" in none.err) == (2, True)
    number.write_text("none")
    unmeasured = guard(project, number, "--for", "1s")
    assert (unmeasured.code, "guard slow has no baseline" in unmeasured.err) == (3, True)
