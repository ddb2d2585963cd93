"""Lints text with the small rule set beside this file, so that these tests are about the engine and no rule's words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zdmigrate.config import Config, Lint
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import read_folder
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from zdmigrate.lint.finding import LintResult

RULES = Path(__file__).parent / "rules"


def lint(*texts: str, reported: int | None = None, path: str = "m/{}.sql", **settings: Any) -> LintResult:
    """Files m/1.sql, m/2.sql … with these texts; ``reported`` is the number of the only one to report on."""
    changes = [read_change(path.format(number), text) for number, text in enumerate(texts, 1)]
    only = None if reported is None else {path.format(reported)}
    return lint_changes(changes, Config(lint=Lint(**settings)), read_folder(str(RULES)), reported=only, effects=True)


def found(*texts: str, reported: int | None = None, **settings: Any) -> list[tuple[int, str]]:
    """The findings as (line, rule)."""
    result = lint(*texts, reported=reported, **settings)
    return [(finding.line, finding.rule) for finding in result.findings]
