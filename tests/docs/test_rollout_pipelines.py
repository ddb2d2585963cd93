"""The pipelines of docs/rollouts are what their services take, for each strategy, and the Lambda handler runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import click
import kubernetes_validate
import pytest
from botocore.stub import Stubber
from ruamel.yaml import YAML

from tests.docs.markdown import DOCS, ROOT, links, write_files
from tests.docs.test_ci import check
from zdmigrate.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

ROLLOUTS = DOCS / "rollouts"
STRATEGIES = ("rolling", "blue-green", "canary", "scale-to-zero")
FORMS = {"github.yml", "gitlab.yml", "argocd.yaml", "kubernetes.yaml", "appspec.yaml"}
FILES = [ROLLOUTS / strategy / form for strategy in STRATEGIES for form in sorted(FORMS)]
SCHEMAS = {"github.yml": "vendor.github-workflows", "gitlab.yml": "vendor.gitlab-ci"}
KUBERNETES = "1.33"  # whose schemas the manifests are held against
# In the order in which CodeDeploy runs them (its AppSpec reference, "hooks").
HOOKS = {
    "AWS::ECS::Service": (
        *("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"),
    ),
    "AWS::Lambda::Function": ("BeforeAllowTraffic", "AfterAllowTraffic"),
}
PROPERTIES = {
    "AWS::ECS::Service": {"TaskDefinition", "LoadBalancerInfo"},
    "AWS::Lambda::Function": {"Name", "Alias", "CurrentVersion", "TargetVersion"},
}
ARGO_HOOKS = {"PreSync", "Sync", "PostSync", "SyncFail", "PostDelete", "Skip"}
# Keys of the kinds that no schema is at hand for: Argo Rollouts' specification, its analysis left to Kubernetes' Job.
BLUE_GREEN = {
    *("activeService", "previewService", "scaleDownDelaySeconds", "prePromotionAnalysis", "postPromotionAnalysis"),
}
CANARY = {
    *("canaryMetadata", "stableMetadata", "trafficRouting", "stableService", "canaryService", "steps"),
}

by_file = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")


def of(*names: str) -> pytest.MarkDecorator:
    """Those of the files that are called so."""
    some = [file for file in FILES if file.name in names]
    return pytest.mark.parametrize("file", some, ids=lambda file: f"{file.parent.name}/{file.name}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All files that stand in the pages themselves."""
    for page in ROLLOUTS.glob("*.md"):
        write_files(page, tmp_path)
    return tmp_path


def documents(file: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(file.read_text()))


def test_each_strategy_has_each_form_and_its_page_links_them() -> None:
    for strategy in STRATEGIES:
        there = {file.name for file in (ROLLOUTS / strategy).iterdir()}
        assert there == FORMS
        assert {f"{strategy}/{form}" for form in FORMS} <= set(links(ROLLOUTS / f"{strategy}.md"))


def test_every_script_of_the_pages_is_run_by_a_story(folder: Path) -> None:
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    scripts = {name for name in found if name.endswith(".sh")}
    tables = {"guards.toml", "live.toml"}  # the stories' configuration
    assert found - scripts - tables == {"deploy/hook.py"}
    stories = "".join(file.read_text() for file in (ROOT / "tests" / "rollouts").glob("test_*.py"))
    assert all(f"sh {name}" in stories for name in scripts), "each is run under traffic"
    assert all(any((folder / name).read_text() in page.read_text() for name in scripts) for page in pages())


def pages() -> list[Path]:
    return [ROLLOUTS / f"{strategy}.md" for strategy in STRATEGIES]


@of(*SCHEMAS)
def test_a_workflow_is_what_its_service_takes(file: Path) -> None:
    check(file, SCHEMAS[file.name])


@of(*SCHEMAS)
def test_shell_is_shell(file: Path) -> None:
    scripts = list(scripts_of(file))
    assert len(scripts) >= 5
    for script in scripts:
        ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, script + ran.stderr


def scripts_of(file: Path) -> Iterator[str]:
    """What a workflow gives to a shell."""
    [told] = documents(file)
    for job in told.get("jobs", told).values():
        if isinstance(job, dict):
            yield from (step["run"] for step in job.get("steps", []) if "run" in step)
            yield from (line for key in ("before_script", "script") for line in job.get(key, []))


# --------------------------------------------------------------------------- Kubernetes


@of("kubernetes.yaml", "argocd.yaml")
def test_a_manifest_is_what_kubernetes_takes(file: Path) -> None:
    for told in documents(file):
        kinds = {
            "Rollout": rollout,
            "AnalysisTemplate": analysis,
            "ScaledObject": scaled,
        }
        if told["apiVersion"] == "serving.knative.dev/v1":
            knative(told)
        else:
            kinds.get(told["kind"], known_to_kubernetes)(told)


def known_to_kubernetes(told: dict[str, Any]) -> None:
    kubernetes_validate.validate(told, KUBERNETES, strict=True)


def rollout(told: dict[str, Any]) -> None:
    spec = dict(told["spec"])
    [(kind, strategy)] = spec.pop("strategy").items()
    assert strategy.keys() <= {"blueGreen": BLUE_GREEN, "canary": CANARY}[kind]
    assert {key for step in strategy.get("steps", []) for key in step} <= {"setWeight", "analysis", "pause"}
    known_to_kubernetes({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": told["metadata"], "spec": spec})


def analysis(told: dict[str, Any]) -> None:
    for metric in told["spec"]["metrics"]:
        spec = metric["provider"]["job"]["spec"]
        known_to_kubernetes({"apiVersion": "batch/v1", "kind": "Job", "metadata": told["metadata"], "spec": spec})


def knative(told: dict[str, Any]) -> None:
    pod = told["spec"]["template"]
    containers = [{"name": "user-container", **container} for container in pod["spec"]["containers"]]
    known_to_kubernetes(
        {"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"], "spec": {"containers": containers}}
    )
    assert sum(each["percent"] for each in told["spec"]["traffic"]) == 100


def scaled(told: dict[str, Any]) -> None:
    assert told["apiVersion"] == "keda.sh/v1alpha1"
    assert told["spec"].keys() == {"scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers"}
    assert told["spec"]["minReplicaCount"] == 0


@of("kubernetes.yaml")
def test_a_job_expands_and_an_init_container_waits_for_it(file: Path) -> None:
    job, deployment, *_ = documents(file)
    assert (job["kind"], deployment["kind"]) == ("Job", "Deployment")
    pod, expanding = deployment["spec"]["template"], job["spec"]["template"]["spec"]
    assert pod["metadata"]["labels"].items() >= deployment["spec"]["selector"]["matchLabels"].items()
    assert "zdmigrate ready" in pod["spec"]["initContainers"][0]["command"][-1]
    runs = [one["command"] for one in (*expanding.get("initContainers", []), *expanding["containers"])]
    assert ["zdmigrate", "apply", "--phase", "expand"] in runs


@of("argocd.yaml")
def test_hooks_of_argo_cd_are_hooks_and_the_first_one_expands(file: Path) -> None:
    jobs = [one for one in documents(file) if one["kind"] == "Job"]
    named = [one["metadata"]["annotations"]["argocd.argoproj.io/hook"] for one in jobs]
    assert named[0] == "PreSync"
    assert set(named) <= ARGO_HOOKS
    referred = set(re.findall(r"templateName: ([\w-]+)", file.read_text()))
    assert referred == {one["metadata"]["name"] for one in documents(file) if one["kind"] == "AnalysisTemplate"}


# --------------------------------------------------------------------------- CodeDeploy


@of("appspec.yaml")
def test_an_appspec_has_hooks_in_the_order_in_which_codedeploy_runs_them(file: Path) -> None:
    [appspec] = documents(file)
    assert appspec["version"] == 0.0
    [target] = [resource for named in appspec["Resources"] for resource in named.values()]
    assert target["Properties"].keys() == PROPERTIES[target["Type"]]
    named = [name for hook in appspec["Hooks"] for name in hook]
    assert named == [name for name in HOOKS[target["Type"]] if name in named]
    functions = {name for hook in appspec["Hooks"] for name in hook.values()}
    assert all(f"`{name}`" in (ROLLOUTS / "pipelines.md").read_text() for name in functions), "each is described"


# --------------------------------------------------------------------------- zdmigrate


@by_file
def test_every_command_line_of_zdmigrate_is_one(file: Path) -> None:
    """Its options are parsed by the command itself; it is not run."""
    lines = list(command_lines(file))
    assert len(lines) >= (0 if file.name == "appspec.yaml" else 2)
    for line in lines:
        parsed(line)


def test_every_command_line_in_the_scripts_is_one(folder: Path) -> None:
    lines = [line for file in folder.rglob("*.sh") for line in command_lines(file)]
    functions = re.findall(r"^\| `shop-\w+` \| `([^`]+)` \|", (ROLLOUTS / "pipelines.md").read_text(), re.MULTILINE)
    assert (len(lines) > 12, len(functions)) == (True, 4)
    for line in (*lines, *(words.split() for words in functions)):
        parsed(line)


def parsed(line: list[str]) -> None:
    name, *arguments = line
    command: Any = cli.get_command(click.Context(cli), name)
    assert command, line
    if isinstance(command, click.Group):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    command.make_context(name, list(arguments), resilient_parsing=False)


def command_lines(file: Path) -> Iterator[list[str]]:
    """What stands after the word zdmigrate, in shell and in lists of words."""
    for line in file.read_text().splitlines():
        _, found, words = line.partition("zdmigrate ")
        if found and "pip install" not in line and not line.lstrip().startswith("#"):
            yield shell_words(words)
        _, found, words = line.partition("[zdmigrate, ")
        if found:
            yield [word.strip('"') for word in words.partition("]")[0].split(", ")]


def shell_words(text: str) -> list[str]:
    """Up to what ends a command."""
    command = re.split(r" \|| &&|;| #|\)| \{| -- ", text)[0].replace('"$each"', "10min")
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
