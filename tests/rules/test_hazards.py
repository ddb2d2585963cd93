"""Every known hazard is answered by the rule that docs/hazards.md names."""

from __future__ import annotations

import pytest

from tests.rules.hazards import ELSEWHERE, LOCKS, OLD_VERSIONS, PAGE, Hazard, page
from zdmigrate.config import Config, Lint
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.change import read_change

RULES = load_rules()
ALL = [*LOCKS, *OLD_VERSIONS]


@pytest.mark.parametrize("hazard", ALL, ids=lambda hazard: hazard.name)
def test_a_known_hazard_is_found_by_the_rule_that_answers_it(hazard: Hazard) -> None:
    """A rule that is off is turned on; a fallback yields to what says more."""
    severity = {rule.name: "hint" for rule in RULES if rule.severity == "off"}
    changes = [read_change("1.sql", hazard.given), read_change("2.sql", f"{hazard.sql};")]
    findings = lint_changes(changes, Config(lint=Lint(severity=severity)), RULES, reported={"2.sql"}).findings
    assert hazard.rule in {found.rule for found in findings}


def test_no_hazard_is_told_twice() -> None:
    names = [hazard.name for hazard in ALL]
    assert len(names) == len({*names, *ELSEWHERE}) - len(ELSEWHERE)


def test_the_page_is_what_the_tests_run() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.rules.hazards"
