"""Allows: what they reach, that they need a reason, and what becomes of those without use."""

from __future__ import annotations

import pytest

from tests.lint.linting import found, lint

DROP = "ALTER TABLE users DROP COLUMN name;"
ALLOW = "-- zdmigrate: allow drop-column because billing is retired"


@pytest.mark.parametrize(
    "text",
    [
        f"{ALLOW}\n{DROP}",
        f"{DROP} {ALLOW}",
        f"{ALLOW}\n-- and more words\n{DROP}",
        f"-- zdmigrate: expand\n{ALLOW}\n{DROP}",
        f"{ALLOW}\n-- zdmigrate: expand\n{DROP}",
        f"ALTER TABLE users\n  ADD a int,\n  {ALLOW}\n  DROP COLUMN name;",
        f"ALTER TABLE users\n  DROP COLUMN name {ALLOW}\n;",
        f"/* zdmigrate: allow drop-column\n   because billing is retired */\n{DROP}",
        f"SELECT 1;\n\n{ALLOW}\r\n{DROP}",
        f"{DROP}\n-- zdmigrate: allow-file drop-column because billing is retired",
        f"{ALLOW}\n{ALLOW}\n{DROP}",
    ],
)
def test_an_allow_reaches_the_statement_on_its_line_or_just_below(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{ALLOW}\n\n{DROP}",
        f"{ALLOW}\nSELECT 1;\n{DROP}",
        f"{DROP}\n{ALLOW}",
        f"SELECT 1; {ALLOW}\n{DROP}",
    ],
)
def test_an_allow_reaches_no_further(text: str) -> None:
    rules = [rule for _, rule in found(text)]
    assert sorted(rules) == ["drop-column", "unused-allow"]


@pytest.mark.parametrize(
    ("allow", "problem", "repair"),
    [
        ("allow drop-colum because x", "There is no rule drop-colum: this allow does nothing.", "Write drop-column."),
        ("allow", "This allow names no rule.", "Remove it."),
        ("allow drop-column", "This allow of drop-column gives no reason", "Write allow drop-column because …"),
        ("allow drop-column because", "This allow of drop-column gives no reason", "Write allow drop-column because …"),
        ("allow drop-column billing is retired", "gives no reason", "Write allow drop-column because …"),
        ("allow-file not-additive because x", "Nothing in this file is not-additive", "Remove it, or move it"),
        ("allow not-additive because x", "Nothing on its line or just below it is not-additive", "Remove it, or move"),
    ],
)
def test_an_allow_without_use_is_told_why_and_what_to_do(allow: str, problem: str, repair: str) -> None:
    first, second = lint(f"-- zdmigrate: {allow}\n{DROP}").findings
    assert (first.rule, second.rule) == ("unknown-allow" if "rule" in problem else "unused-allow", "drop-column")
    assert problem in first.message
    assert first.help.startswith(repair)


def test_a_misspelt_allow_is_an_error_and_fails_the_run() -> None:
    (finding,) = lint("-- zdmigrate: allow drop-colum because x\nSELECT 1;").findings
    assert (finding.rule, finding.severity) == ("unknown-allow", "error")


def test_a_syntax_error_can_be_allowed_where_another_tool_fills_it_in() -> None:
    assert found("-- zdmigrate: allow syntax-error because our deploy fills in the name\nDROP TABLE @name@;") == []


def test_an_allow_for_a_rule_that_is_off_is_left_alone() -> None:
    assert found(f"{ALLOW}\n{DROP}", severity={"drop-column": "off"}) == []


def test_unused_allows_can_be_turned_off() -> None:
    assert found(f"{ALLOW}\nSELECT 1;", severity={"unused-allow": "off"}) == []


def test_an_allow_for_psql_stands_above_the_section() -> None:
    text = (
        "-- zdmigrate: expand\nSELECT 1;\n"
        "-- zdmigrate: allow runs-on-in-psql because nobody here has psql\n-- zdmigrate: contract\nSELECT 1;"
    )
    assert found(text) == []
