"""The action and the recipes of docs/ci.md are what GitHub, GitLab and CircleCI take, and the action's script runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli_lint.project import DROP, TABLE, commit, write
from tests.docs.markdown import DOCS, ROOT, blocks, tables
from zdmigrate.report import formats

ACTION = ROOT / "action.yml"
RECIPES = {
    block.text.splitlines()[0].removeprefix("# "): block.text for block in blocks(DOCS / "ci.md") if block.language
}
SCHEMAS = {
    ".github/workflows/migrations.yml": "vendor.github-workflows",
    ".github/workflows/comment.yml": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".circleci/config.yml": "vendor.circle-ci",
}


def parsed(text: str) -> Any:
    return YAML(typ="safe").load(text)


def check(file: Path, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_recipe_is_checked() -> None:
    assert set(RECIPES) == {*SCHEMAS, ".pre-commit-config.yaml"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_recipe_is_what_its_service_takes(name: str, tmp_path: Path) -> None:
    file = tmp_path / Path(name).name
    file.write_text(RECIPES[name])

    check(file, SCHEMAS[name])


def test_the_hook_of_the_recipe_exists_and_takes_change_files() -> None:
    [hooks] = [repo["hooks"] for repo in parsed(RECIPES[".pre-commit-config.yaml"])["repos"]]
    known = {hook["id"] for hook in parsed((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}

    assert {hook["id"] for hook in hooks} <= known
    assert re.search(hooks[0]["files"], "services/a/migrations/001.sql")


def test_the_action_is_one() -> None:
    check(ACTION, "vendor.github-actions")


def test_every_input_of_the_action_is_on_the_page_and_every_one_of_the_recipe_exists() -> None:
    inputs = set(parsed(ACTION.read_text("utf-8"))["inputs"])
    told = {row[0].strip("`") for row in tables(DOCS / "ci.md") if row[0].startswith("`")}
    [job] = parsed(RECIPES[".github/workflows/migrations.yml"])["jobs"].values()
    used = [set(step["with"]) for step in job["steps"] if step["uses"].startswith("zdmigrate/")]

    assert told == inputs
    assert used
    assert all(names <= inputs for names in used)


def test_every_format_is_on_the_page_of_reports() -> None:
    told = {row[0].strip("`") for row in tables(DOCS / "reports.md") if row[0].startswith("`")}

    assert told == set(formats())


# --------------------------------------------------------------------------- the action's script


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone with an old file that is bad, and a new one that is good; beside it, what the runner has."""
    installed = tmp_path / "runner" / "zdmigrate" / "bin" / "zdmigrate"
    installed.parent.mkdir(parents=True)
    installed.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zdmigrate.cli.main "$@"\n')
    installed.chmod(0o755)
    write(tmp_path / "clone" / "db files", _001_users=DROP)
    commit(tmp_path / "clone")
    write(tmp_path / "clone" / "db files", _002_notes=TABLE)
    return tmp_path / "clone"


def run_action(checkout: Path, **inputs: str) -> tuple[int, str, str, str]:
    """Exit code, log, summary and outputs of the action's step Lint with these inputs."""
    [step] = [step for step in parsed(ACTION.read_text("utf-8"))["runs"]["steps"] if step.get("id") == "lint"]
    runner = checkout.parent / "runner"
    (checkout / "zdmigrate.toml").write_text('dir = "db files"')
    files = {"GITHUB_STEP_SUMMARY": runner / "summary", "GITHUB_OUTPUT": runner / "output"}
    own = {"PATHS": "", "SINCE": "", "ARGUMENTS": "", "SARIF": "z.sarif", "FOLDER": ".", **inputs}
    environment = {**os.environ, **own, **{name: str(path) for name, path in files.items()}}
    environment |= {"RUNNER_TEMP": str(runner), "PYTHONPATH": str(ROOT)}
    assert set(step["env"]) == set(own) - {"RUNNER_TEMP"}
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    ran = subprocess.run(script, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    summary, output = (path.read_text("utf-8") if path.exists() else "" for path in files.values())
    return ran.returncode, ran.stdout + ran.stderr, summary, output


def test_the_action_annotates_summarises_writes_sarif_and_fails(checkout: Path) -> None:
    code, log, summary, output = run_action(checkout)

    assert code == 1
    assert log.startswith("::error file=db files/001_users.sql,line=1,")
    assert "**error** `drop-column`" in summary
    assert output == "sarif=./z.sarif\n"
    assert '"2.1.0"' in (checkout / "z.sarif").read_text("utf-8")


def test_the_action_looks_at_what_is_new(checkout: Path) -> None:
    code, log, *_ = run_action(checkout, SINCE="main", ARGUMENTS="--fail-on hint")

    assert (code, log) == (0, "no findings in 1 file (1 statement)\n")


def test_the_action_tells_what_it_cannot_read(checkout: Path) -> None:
    code, log, summary, output = run_action(checkout, PATHS="$(touch x) *")

    assert code == 2
    assert "error: " in log
    assert (summary, output) == ("", "")
    assert not (checkout / "x").exists()
