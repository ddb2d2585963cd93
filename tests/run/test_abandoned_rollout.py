"""A rollout that is given up: its expand is undone when no instance of it is left, and somebody can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.run.project import refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.run.command import Printed
    from tests.run.project import Project

CHANGE = """-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text;
-- zdmigrate: revert
ALTER TABLE users DROP COLUMN label;
"""
STARTS = {"version": "v2", "instance": "deployment/web", "running": False}


class Rollout:
    """v2 is expanded; ``says`` is what the platform answers from now on, None that it does not."""

    def __init__(self, project: Project, folder: Path, *options: str) -> None:
        self.project, self.platform, self.settings = project, folder / "live.json", folder / "zdmigrate.toml"
        options = (f'path = "{self.platform}"', *options)
        self.settings.write_text("\n".join(["[[live]]", 'source = "file"', *options]))
        project.write("001_label.sql", CHANGE)
        assert project.expand().code == 0

    def says(self, answer: list[Any] | None) -> None:
        self.platform.unlink(missing_ok=True)
        if answer is not None:
            self.platform.write_text(json.dumps(answer))

    def revert(self) -> Printed:
        return self.project.revert("001_label", "--config", str(self.settings))

    def is_undone(self) -> bool:
        return self.project.state("001_label") == "reverted"


def test_while_an_instance_of_it_runs_or_could_start_its_expand_stays(project: Project, tmp_path: Path) -> None:
    rollout = Rollout(project, tmp_path)
    for answer, named in ((["v1", "v2"], "v2 on v2, live"), (["v1", STARTS], "v2 on deployment/web, live")):
        rollout.says(answer)
        refused(rollout.revert(), 3, "needed by versions that run, or may run", named)
    rollout.says(["v1"])
    assert rollout.revert().code == 0
    assert rollout.is_undone()


@pytest.mark.parametrize("before", [None, ["v1"], ["v1", "v2"]], ids=["never asked", "without v2", "with v2"])
def test_a_platform_that_does_not_answer_keeps_it_whatever_it_said_before(
    before: list[Any] | None, project: Project, tmp_path: Path
) -> None:
    rollout = Rollout(project, tmp_path)
    if before is not None:
        rollout.says(before)
        rollout.project.run("live", "list", "--config", str(rollout.settings))
    rollout.says(None)
    refused(rollout.revert(), 3, "the source file", "No such file")
    assert not rollout.is_undone()
    rollout.says(["v1"])
    assert rollout.revert().code == 0
    assert rollout.is_undone()


def test_where_silence_is_no_absence_an_instance_that_is_told_no_more_keeps_it(
    project: Project, tmp_path: Path
) -> None:
    rollout = Rollout(project, tmp_path, "silence_means_absence = false")
    rollout.says(["v1", "v2"])
    refused(rollout.revert(), 3, "v2 on v2, live")
    rollout.says(["v1"])
    refused(rollout.revert(), 3, "v2 on v2, live")
    project.database.execute(
        "UPDATE zdmigrate.sighting SET last_seen = last_seen - interval '5 min', "
        "first_seen = first_seen - interval '5 min'"
    )
    refused(rollout.revert(), 3, "v2 on v2, lost", "zdmigrate live retire")
    rollout.project.done("live", "retire", "v2", "--reason", "withdrawn", "--config", str(rollout.settings))
    assert rollout.revert().code == 0
    assert rollout.is_undone()
