"""The engine: which findings a file gets, where they stand, and in which phases they are silent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lint.linting import RULES, found, lint
from zdmigrate.config import Config, Lint, Override
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules, read_folder
from zdmigrate.sources.change import read_change

DROP = "ALTER TABLE users DROP COLUMN name;"
INDEX = "CREATE INDEX ON users (name);"
RENAME = "ALTER TABLE users RENAME TO people;"


def test_a_finding_says_where_the_action_begins_and_ends() -> None:
    (finding,) = lint("SELECT 1;\nALTER TABLE users\n  ADD größe text,\n  DROP COLUMN name;").findings
    place = (finding.line, finding.column, finding.end_line, finding.end_column)
    assert place == (4, 3, 4, 19)
    assert (finding.rule, finding.id, finding.severity, finding.phase) == ("drop-column", "T101", "error", None)
    assert (finding.operation, finding.relation, finding.recipe) == ("drop_column", "public.users", "drop_column")


def test_no_recipe_is_promised_for_what_rewrite_leaves_as_it_is() -> None:
    (finding,) = lint(f"DO $$ BEGIN {DROP} END $$;").findings
    assert (finding.rule, finding.recipe) == ("drop-column", None)
    merge = read_change("1.sql", "merge into users u using people p on p.id = u.id when matched then delete;")
    (merged,) = lint_changes([merge], Config(), load_rules()).findings
    assert (merged.rule, merged.recipe) == ("unbatched-backfill", None)


def test_words_use_the_users_own_names() -> None:
    (finding,) = lint(DROP).findings
    assert finding.message == "Dropping users.name breaks what names it."
    assert finding.help.splitlines()[-1] == "ALTER TABLE users DROP COLUMN name;"


def test_words_have_the_placeholders_that_the_file_has() -> None:
    (finding,) = lint('ALTER TABLE ${App}.users_{{ n }} DROP COLUMN "${c}";').findings
    assert finding.message == 'Dropping ${App}.users_{{ n }}."${c}" breaks what names it.'
    assert finding.help.splitlines()[-1] == 'ALTER TABLE ${App}.users_{{ n }} DROP COLUMN "${c}";'


def test_a_syntax_error_does_not_hide_the_findings_of_the_others() -> None:
    result = lint(f"{DROP}\nALTER TABL users;\n{INDEX}")
    assert [(finding.line, finding.rule) for finding in result.findings] == [
        (1, "drop-column"),
        (2, "syntax-error"),
        (3, "create-index-not-concurrent"),
    ]
    assert 'syntax error at or near "TABL"' in result.findings[1].message
    assert (result.findings[1].column, result.findings[1].end_column) == (7, 11)


def test_what_is_not_understood_is_a_finding_and_counted() -> None:
    result = lint("ALTER TABLE users SET ACCESS METHOD heap; DO $$ BEGIN EXECUTE 'x' || current_user; END $$;")
    assert [finding.rule for finding in result.findings] == ["not-analysed"]
    assert result.summary.not_analysed == 1


@pytest.mark.parametrize(
    ("section", "rules"),
    [
        ("expand", ["drop-column", "create-index-not-concurrent"]),
        ("backfill", ["drop-column", "create-index-not-concurrent"]),
        ("contract", ["create-index-not-concurrent"]),
        ("revert", ["create-index-not-concurrent"]),
    ],
)
def test_compatibility_rules_are_silent_where_the_gate_answers_for_them(section: str, rules: list[str]) -> None:
    assert [rule for _, rule in found(f"-- zdmigrate: {section}\n{DROP}\n{INDEX}")] == rules


def test_a_file_that_the_configuration_calls_a_contract_is_one() -> None:
    assert found(DROP, contract=("**/1.sql",)) == []
    assert found(DROP, contract=("m/*.sql",)) == []
    assert found(DROP, contract=("**/V*__contract_*.sql",)) == [(1, "drop-column")]


def test_a_fallback_is_raised_only_where_nothing_more_specific_is() -> None:
    assert found(f"-- zdmigrate: expand\n{DROP}") == [(2, "drop-column")]
    assert found(f"-- zdmigrate: expand\n{RENAME}") == [(2, "not-additive")]
    assert found(f"-- zdmigrate: expand\n{DROP}", severity={"drop-column": "off"}) == [(2, "not-additive")]
    assert found(RENAME) == []


def test_earlier_files_tell_what_the_schema_looks_like_and_get_no_findings_when_not_asked_about() -> None:
    first, second = "CREATE TABLE users (id int, name text);" + DROP, INDEX
    assert found(first, second) == [(1, "create-index-not-concurrent")]
    assert found(DROP, second, reported=2) == [(1, "create-index-not-concurrent")]
    assert found(first + INDEX) == []


def test_a_revert_starts_from_what_expand_left_and_the_next_file_from_what_contract_left() -> None:
    phased = (
        "-- zdmigrate: expand\nCREATE TABLE people (id int);\n\\quit\n"
        "-- zdmigrate: contract\nDROP TABLE users;\n"
        "-- zdmigrate: revert\nDROP TABLE people;\n"
    )
    result = lint("CREATE TABLE users (id int);", phased, "ALTER TABLE people ADD COLUMN a int;", reported=3)
    assert result.findings == ()


# --------------------------------------------------------------------------- runs-on-in-psql

EXPAND = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN a int;\n"


@pytest.mark.parametrize("section", ["contract", "revert"])
def test_a_section_that_psql_would_run_into_is_a_hint(section: str) -> None:
    assert found(f"{EXPAND}-- zdmigrate: {section}\nSELECT 1;") == [(3, "runs-on-in-psql")]


@pytest.mark.parametrize(
    "text",
    [
        f"{EXPAND}\\quit\n-- zdmigrate: contract\nSELECT 1;\n-- zdmigrate: revert\nSELECT 1;",
        f"{EXPAND}\\q\n-- zdmigrate: contract\nSELECT 1;",
        "-- zdmigrate: contract\nSELECT 1;",
        EXPAND,
    ],
)
def test_it_is_none_where_psql_stops_or_has_nothing_before_it(text: str) -> None:
    assert found(text) == []


def test_only_the_first_such_section_is_told() -> None:
    text = f"{EXPAND}-- zdmigrate: contract\nSELECT 1;\n-- zdmigrate: revert\nSELECT 1;"
    assert found(text) == [(3, "runs-on-in-psql")]


def test_a_quit_after_the_marker_comes_too_late() -> None:
    assert found(f"{EXPAND}-- zdmigrate: contract\n\\quit\nSELECT 1;") == [(3, "runs-on-in-psql")]


# --------------------------------------------------------------------------- severities and the result


def test_a_severity_of_the_configuration_wins_and_off_is_silent() -> None:
    severity = {"drop-column": "hint", "create-index-not-concurrent": "off"}
    result = lint(DROP + INDEX, severity=severity)
    assert [(finding.rule, finding.severity) for finding in result.findings] == [("drop-column", "hint")]


@pytest.mark.parametrize(("fail_on", "fails"), [("error", False), ("warning", True), ("hint", True), ("never", False)])
def test_the_failing_severity_is_at_or_above(fail_on: str, fails: bool) -> None:
    assert lint(INDEX).fails(fail_on) is fails


def test_the_summary_counts_what_was_reported_on() -> None:
    summary = lint(DROP, INDEX + DROP, reported=2).summary
    assert summary == (1, 2, 1, 1, 0, 0, 0)


def test_effects_are_in_the_files_order_with_those_of_reverts() -> None:
    statements = lint(f"{EXPAND}-- zdmigrate: revert\n{DROP}").statements
    assert [(statement.line, statement.phase) for statement in statements] == [(2, "expand"), (4, "revert")]
    assert [found.operation.kind for statement in statements for found in statement.operations] == [
        "add_column",
        "drop_column",
    ]


@pytest.mark.parametrize(
    ("settings", "severities"),
    [
        ({}, []),
        ({"severity": {"drop-column": "hint"}}, ["hint"]),
        ({"overrides": (Override(paths=("m/*",), severity={"drop-column": "warning"}),)}, ["warning"]),
    ],
)
def test_a_rule_that_ships_off_is_raised_where_a_severity_turns_it_on(
    settings: dict[str, Any], severities: list[str]
) -> None:
    rules = [rule.changed(severity="off") for rule in read_folder(str(RULES)) if rule.name == "drop-column"]
    raised = lint_changes([read_change("m/1.sql", DROP)], Config(lint=Lint(**settings)), rules).findings
    assert [finding.severity for finding in raised] == severities


@pytest.mark.parametrize(
    ("text", "settings", "missed"),
    [
        (RENAME, {}, True),
        (RENAME, {"runner": "flyway"}, False),
        (RENAME, {"source": "native"}, False),
        (f"-- zdmigrate: contract\n{RENAME}", {}, False),
    ],
)
def test_lock_timeout_is_missed_where_no_runner_is_known_to_set_it(
    text: str, settings: dict[str, Any], missed: bool
) -> None:
    raised = lint_changes([read_change("m/1.sql", text)], Config(**settings), load_rules()).findings
    assert ("missing-lock-timeout" in [finding.rule for finding in raised]) is missed
