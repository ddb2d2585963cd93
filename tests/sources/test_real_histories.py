"""Histories that nobody here wrote, shipped by packages of PyPI: known, in order, and every statement read."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from tests.sources.folders import changes_of, linted
from zdmigrate.sources.detect import tool_of
from zdmigrate.sources.tree import Tree

HISTORIES = [
    ("procrastinate", "sql/migrations", "plain", 30),
    ("litellm_proxy_extras", "migrations", "prisma", 200),
]


@pytest.mark.parametrize(("package", "place", "tool", "least"), HISTORIES)
def test_a_real_history_is_known_and_read_to_its_end(package: str, place: str, tool: str, least: int) -> None:
    folder = Path(str(files(package) / place))

    assert tool_of(Tree(str(folder))) == tool
    changes = changes_of(folder)
    assert len(changes) >= least
    assert not [change.path for change in changes for found in change.script.statements if found.error]


@pytest.mark.parametrize(("package", "place", "tool", "least"), HISTORIES)
def test_a_real_history_is_linted_without_a_syntax_error(package: str, place: str, tool: str, least: int) -> None:
    result = linted(Path(str(files(package) / place)))

    assert result.summary.files >= least
    assert "syntax-error" not in {finding.rule for finding in result.findings}
