"""The files of docs/rollouts/pipelines.md are what their services take, and the Lambda handler runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import click
import pytest
from botocore.stub import Stubber
from ruamel.yaml import YAML

from tests.docs.markdown import DOCS, ROOT, write_files
from tests.docs.test_ci import check
from zdmigrate.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

PAGES = sorted((DOCS / "rollouts").glob("*.md"))
SCHEMAS = {".github/workflows/deploy.yml": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci"}
# In the order in which CodeDeploy runs them for ECS (its AppSpec reference, "hooks").
HOOKS = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
ARGO_HOOKS = {"PreSync", "Sync", "PostSync", "SyncFail", "PostDelete", "Skip"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All files of all pages."""
    for page in PAGES:
        write_files(page, tmp_path)
    return tmp_path


def documents(file: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(file.read_text()))


def test_every_file_of_the_pages_is_checked_by_a_test(folder: Path) -> None:
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    scripts = {name for name in found if name.endswith(".sh")}
    tables = {"guards.toml", "live.toml"}  # the stories' configuration
    assert found - scripts - tables == {*SCHEMAS, "k8s/shop.yaml", "k8s/hooks.yaml", "appspec.yaml", "deploy/hook.py"}
    stories = "".join(file.read_text() for file in (ROOT / "tests" / "rollouts").glob("test_*.py"))
    assert all(f"sh {name}" in stories for name in scripts), "each is run under traffic"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_workflow_is_what_its_service_takes(name: str, folder: Path) -> None:
    check(folder / name, SCHEMAS[name])


def test_shell_is_shell(folder: Path) -> None:
    scripts = [file.read_text() for file in folder.rglob("*.sh")]
    jobs = documents(folder / ".github/workflows/deploy.yml")[0]["jobs"].values()
    scripts += [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    scripts += [line for _, line in scripts_of_gitlab(folder)]
    assert len(scripts) > 20
    for script in scripts:
        ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, script + ran.stderr


def scripts_of_gitlab(folder: Path) -> Iterator[tuple[str, str]]:
    [told] = documents(folder / ".gitlab-ci.yml")
    for name, job in told.items():
        if isinstance(job, dict):
            yield from ((name, line) for line in job.get("script", []))


def test_manifests_name_containers_that_run_zdmigrate_or_the_app(folder: Path) -> None:
    expand, deployment, contract = documents(folder / "k8s/shop.yaml")
    assert [one["kind"] for one in (expand, deployment, contract)] == ["Job", "Deployment", "CronJob"]
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"].items() >= deployment["spec"]["selector"]["matchLabels"].items()
    assert "zdmigrate ready" in pod["spec"]["initContainers"][0]["command"][-1]
    assert {"readinessProbe", "livenessProbe", "lifecycle"} <= pod["spec"]["containers"][0].keys()
    for one in (expand, contract["spec"]["jobTemplate"]):
        assert one["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_hooks_of_argo_cd_are_hooks(folder: Path) -> None:
    hooks = documents(folder / "k8s/hooks.yaml")
    named = [one["metadata"]["annotations"]["argocd.argoproj.io/hook"] for one in hooks]
    assert named == ["PreSync", "PostSync"]
    assert set(named) <= ARGO_HOOKS
    assert {one["kind"] for one in hooks} == {"Job"}


def test_the_appspec_has_hooks_in_the_order_in_which_codedeploy_runs_them(folder: Path) -> None:
    [appspec] = documents(folder / "appspec.yaml")
    assert appspec["version"] == 0.0
    [target] = [resource["TargetService"] for resource in appspec["Resources"]]
    assert target["Type"] == "AWS::ECS::Service"
    assert {"TaskDefinition", "LoadBalancerInfo"} <= target["Properties"].keys()
    named = [name for hook in appspec["Hooks"] for name in hook]
    assert named == [name for name in HOOKS if name in named]


def test_every_command_line_of_zdmigrate_is_one(folder: Path) -> None:
    """Its options are parsed by the command itself; it is not run."""
    lines = list(command_lines(folder))
    assert len(lines) > 25
    for line in lines:
        name, *arguments = line
        command = cli.get_command(click.Context(cli), name)
        assert command, line
        command.make_context(name, arguments, resilient_parsing=False)


def command_lines(folder: Path) -> Iterator[list[str]]:
    """What stands after the word zdmigrate, in shell and in lists of words."""
    for file in folder.rglob("*"):
        if file.suffix in (".sh", ".yml", ".yaml"):
            for line in file.read_text().splitlines():
                _, found, words = line.partition("zdmigrate ")
                if found and "pip install" not in line:
                    yield shell_words(words)
                _, found, words = line.partition("[zdmigrate, ")
                if found:
                    yield words.partition("]")[0].split(", ")


def shell_words(text: str) -> list[str]:
    """Up to what ends a command."""
    command = re.split(r" \|| &&|;| #|\)| \{", text)[0].replace('"$each"', "10min")
    return [word.strip('"') for word in command.split()]


# --------------------------------------------------------------------------- the handler


def test_the_handler_runs_zdmigrate_and_tells_codedeploy(
    folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "migrations").mkdir()
    (folder / "migrations" / "001_label.sql").write_text("-- zdmigrate: expand\nCREATE TABLE labels (id int);\n")
    (folder / "zdmigrate.toml").write_text('app = "shop"\n')
    monkeypatch.chdir(folder)
    for name, value in (
        ("ZDMIGRATE_DSN", database.dsn),
        ("ZDMIGRATE_RELEASE", "7.2"),
        ("PYTHONPATH", str(DOCS.parent)),
    ):
        monkeypatch.setenv(name, value)
    init = [sys.executable, "-m", "zdmigrate.cli.main", "init", "--release", "7.1"]
    subprocess.run(init, check=True, capture_output=True)
    assert told_codedeploy(folder, "ready", monkeypatch) == "Failed", "nobody has expanded"
    assert told_codedeploy(folder, "apply --phase expand", monkeypatch) == "Succeeded"
    assert told_codedeploy(folder, "ready", monkeypatch) == "Succeeded"
    monkeypatch.setenv("TEST_LISTENER", "http://127.0.0.1:1/readyz")
    assert told_codedeploy(folder, "ready", monkeypatch) == "Failed", "the test listener does not answer"


def told_codedeploy(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The status that CodeDeploy is told once the handler was called; botocore holds the call against its model."""
    monkeypatch.setenv("COMMAND", command)
    client = boto3.client("codedeploy", "eu-central-1", aws_access_key_id="t", aws_secret_access_key="t")
    heard: list[dict[str, str]] = []
    client.meta.events.register("before-parameter-build.codedeploy.*", lambda params, **_: heard.append(params))
    spec = importlib.util.spec_from_file_location("hook", folder / "deploy" / "hook.py")
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    event = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "e-1"}
    with Stubber(client) as stub, monkeypatch.context() as patched:
        stub.add_response("put_lifecycle_event_hook_execution_status", {"lifecycleEventHookExecutionId": "e-1"})
        patched.setattr(boto3, "client", lambda service: client)
        hook.handler(json.loads(json.dumps(event)), None)
        stub.assert_no_pending_responses()
    return heard[-1]["status"]
