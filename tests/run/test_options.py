"""Options of apply that would do nothing in a phase are refused: whoever wrote them expects something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused

if TYPE_CHECKING:
    from tests.run.project import Project


@pytest.mark.parametrize(
    ("phase", "option", "goes_with"),
    [
        ("expand", ["--wait", "10min"], "--phase contract"),
        ("expand", ["--if-open"], "--phase contract"),
        ("expand", ["--force", "--reason", "why"], "--phase contract"),
        ("contract", ["--again"], "--phase expand or all"),
        ("all", ["--no-backfill"], "--phase expand"),
    ],
)
def test_an_option_of_another_phase_is_refused(project: Project, phase: str, option: list[str], goes_with: str) -> None:
    printed = project.run("apply", "--phase", phase, *option)
    refused(printed, 2, f"{option[0]} does nothing with --phase {phase}", goes_with)


def test_a_time_to_wait_that_is_none_is_refused_before_anything_runs(project: Project) -> None:
    refused(project.run("apply", "--phase", "contract", "--wait", "soon"), 2, "--wait soon")
