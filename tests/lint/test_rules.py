"""Rule files: loading, their index, what is refused with which words, and how matches match."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lint.linting import RULES
from zdmigrate.errors import ConfigError
from zdmigrate.lint import rules as catalogue
from zdmigrate.lint.match import Matcher, matches
from zdmigrate.lint.rule import Rule
from zdmigrate.lint.rule_file import read_rule
from zdmigrate.lint.rules import index_text, load_rules, read_folder, rules_folder

GOOD = """
id = "U1"
name = "own-rule"
title = "a title"
severity = "error"
category = "locking"
message = "{table} waits."
why = "because"
instead = "Do not."
[[match]]
operation = "truncate"
"""


def written(folder: Path, text: str, name: str = "own-rule.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the one that ships."""
    folder = tmp_path / "shipped"
    written(folder, GOOD.replace("U1", "S1").replace("own-rule", "first"), "first.toml")
    monkeypatch.setattr(catalogue, "rules_folder", lambda: str(folder))
    return folder


def test_the_shipped_rules_load_and_their_index_is_current() -> None:
    index = Path(rules_folder(), "index.json").read_text("utf-8")
    assert index == index_text(rules_folder()), "run python -m zdmigrate.lint.pages"
    words = {rule.name: (rule.severity, rule.message, rule.matches) for rule in load_rules()}
    assert words == {rule.name: (rule.severity, rule.message, rule.matches) for rule in read_folder(rules_folder())}


def test_the_engines_own_rules_are_shipped() -> None:
    assert {rule.name for rule in load_rules()} >= {"syntax-error", "unused-allow", "runs-on-in-psql", "not-analysed"}


def test_an_index_is_used_only_while_it_says_what_the_files_say(shipped: Path) -> None:
    (shipped / "index.json").write_text(index_text(str(shipped)))
    (rule,) = load_rules()
    assert rule.title == "a title"
    assert rule.why == "", "which is in the file and not in the index"
    written(shipped, (shipped / "first.toml").read_text().replace("a title", "A TITLE"), "first.toml")
    assert [rule.title for rule in load_rules()] == ["A TITLE"]
    (shipped / "first.toml").rename(shipped / "gone")
    written(shipped, GOOD)
    assert [rule.name for rule in load_rules()] == ["own-rule"]


def test_a_users_rules_come_after_the_shipped(shipped: Path, tmp_path: Path) -> None:
    written(tmp_path / "own", GOOD)
    assert [rule.name for rule in load_rules([str(tmp_path / "own")])] == ["first", "own-rule"]


@pytest.mark.parametrize("doubled", ["S1", "first"])
def test_a_doubled_id_or_name_is_refused(shipped: Path, tmp_path: Path, doubled: str) -> None:
    text = GOOD.replace("U1", doubled) if doubled == "S1" else GOOD.replace("own-rule", doubled)
    written(tmp_path / "own", text, "first.toml" if doubled == "first" else "own-rule.toml")
    with pytest.raises(ConfigError, match=f"two rules are called {doubled}"):
        load_rules([str(tmp_path / "own")])


def test_a_folder_without_a_rule_is_refused(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with pytest.raises(ConfigError, match="own: no rule in this folder"):
        load_rules([str(tmp_path / "own")])


@pytest.mark.parametrize(
    ("old", "new", "told", "hint"),
    [
        ('why = "because"', 'wy = "because"', "unknown key wy", "did you mean why?"),
        ('why = "because"', "", "why must be a text that is not empty", ""),
        ('"error"', '"fatal"', "unknown severity fatal", "known are error, hint, off, warning"),
        ('"locking"', '"lockin"', "unknown category lockin", "did you mean locking?"),
        ("{table}", "{tabel}", "unknown fact tabel", "did you mean table?"),
        ("{table}", "{", "message: ", "write {{ and }} for braces"),
        ("{table}", "{}", "unknown fact {}", ""),
        ('operation = "truncate"', 'opration = "truncate"', "unknown fact opration", "did you mean operation?"),
        ('operation = "truncate"', 'table_is_new = "no"', "table_is_new must be true or false", ""),
        ('operation = "truncate"', "operation = true", "operation must be a text or a list of texts", ""),
        ('operation = "truncate"', "operation = []", "operation must be a text or a list of texts", ""),
        ('operation = "truncate"', "", "an empty [[match]] would match everything", ""),
        ('[[match]]\noperation = "truncate"', "", "no [[match]] table", ""),
        ("[[match]]", "[match]", "match must be written [[match]]", ""),
        ('"own-rule"', '"another"', "its name is another", "rename the file to another.toml"),
        (
            'operation = "truncate"',
            'operation = "truncate"\n[[variant]]\noperation = "truncate"',
            "a [[variant]] needs instead",
            "",
        ),
        (
            'operation = "truncate"',
            'operation = "truncate"\n[[variant]]\ninstead = "{tabel}"\noperation = "truncate"',
            "unknown fact tabel",
            "did you mean table?",
        ),
        ('operation = "truncate"', 'operation = "truncate"\n[[example]]\ngood = []', "an [[example]] needs bad", ""),
        (
            'operation = "truncate"',
            'operation = "truncate"\n[[example]]\nbda = ""',
            "unknown key bda in [[example]]",
            "bad",
        ),
        (
            'operation = "truncate"',
            'operation = "truncate"\n[[example]]\nbad = []',
            "bad in [[example]] must be a text",
            "",
        ),
        ('id = "U1"', "id = ", "Invalid value", ""),
    ],
)
def test_a_wrong_rule_file_is_named_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, told: str, hint: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_rule(path)
    assert caught.value.sentence.startswith(f"{path}: ")
    assert told in caught.value.sentence
    assert hint in caught.value.hint


# --------------------------------------------------------------------------- matching

FACTS: dict[str, str | int | bool] = {
    "operation": "drop_column",
    "section": "expand",
    "in_transaction": False,
    "table": "users",
    "table_is_new": False,
}


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"operation": "drop_column"}, True),
        ({"operation": "add_column"}, False),
        ({"operation": ["add_column", "drop_column"]}, True),
        ({"operation": "drop_*", "table_is_new": False}, True),
        ({"operation": "drop_column", "table_is_new": True}, False),
        ({"table": "us?rs"}, True),
        ({"table": "Users"}, False),
        ({"table_is_new": 0}, False),
        ({"absent": ""}, False),
    ],
)
def test_keys_are_and_and_a_list_is_or(match: dict[str, Any], fits: bool) -> None:
    assert matches(match, FACTS) is fits


def rule(
    name: str, *, fallback: bool = False, severity: str = "error", category: str = "locking", **match: object
) -> Rule:
    words: dict[str, Any] = dict.fromkeys(("id", "title", "message", "instead"), name)
    return Rule(name=name, severity=severity, category=category, fallback=fallback, matches=(match,), **words)


def test_a_rule_matches_once_whatever_number_of_its_matches_do() -> None:
    twice = rule("twice", operation="drop_column").changed(matches=({"operation": "drop_column"}, {"table": "users"}))
    assert [found.name for found in Matcher([twice]).rules_for(FACTS)] == ["twice"]


def test_a_rule_without_an_operation_is_asked_about_every_operation() -> None:
    assert [found.name for found in Matcher([rule("any", table="users")]).rules_for(FACTS)] == ["any"]


def test_a_settled_fact_is_taken_for_its_default_and_never_asked_for() -> None:
    matcher = Matcher([rule("settled", truncated="?*"), rule("default", truncated="")])
    asked = {**FACTS, "truncated": "a_long_name"}
    assert [found.name for found in matcher.rules_for(asked)] == ["settled"]
    assert [found.name for found in matcher.rules_for(FACTS, frozenset({"truncated"}))] == ["default"]


def test_a_fallback_yields_to_whatever_says_more() -> None:
    fallback = rule("fallback", fallback=True, operation="drop_column")
    assert [found.name for found in Matcher([fallback, rule("other", table="users")]).rules_for(FACTS)] == ["other"]
    assert [found.name for found in Matcher([fallback, rule("other", table="x")]).rules_for(FACTS)] == ["fallback"]


@pytest.mark.parametrize("words", [{"severity": "hint"}, {"category": "hygiene"}, {"category": "transaction"}])
def test_a_fallback_does_not_yield_to_hints_or_to_what_is_not_about_the_operation(words: dict[str, Any]) -> None:
    fallback = rule("fallback", fallback=True, operation="drop_column")
    both = Matcher([fallback, rule("other", table="users", **words)]).rules_for(FACTS)
    assert [found.name for found in both] == ["fallback", "other"]


def test_the_index_is_json_with_a_rule_a_line() -> None:
    text = index_text(str(RULES))
    assert len(json.loads(text)["rules"]) == len(text.splitlines()) - 3
