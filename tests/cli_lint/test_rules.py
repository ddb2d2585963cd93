"""``rules`` and ``explain``: what the rules are, told to people and programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate
from zdmigrate.lint.rules import load_rules

SCHEMA = Path(__file__).parents[2] / "docs/schemas/rules-v1.schema.json"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_rule_is_listed_with_the_severity_of_the_configuration() -> None:
    Path("zdmigrate.toml").write_text('[lint.severity]\ndrop-column = "off"')
    told = zdmigrate("rules")
    assert told.code == 0
    table, _, note = told.out.partition("\n\n")
    assert note == 'A rule that is off is turned on by another severity: RULE = "hint" under [lint.severity].\n'
    assert [line.split()[1] for line in table.splitlines()] == [
        rule.name for rule in sorted(load_rules(), key=lambda rule: rule.id)
    ]
    assert re.search("  drop-column +off ", told.out)


def test_the_json_is_what_its_schema_says() -> None:
    report = json.loads(zdmigrate("rules", "--format", "json").out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    assert len(report["rules"]) == len(load_rules())


@pytest.mark.parametrize("name", [word for rule in load_rules() for word in (rule.name, rule.id.lower())])
def test_every_rule_is_explained_by_name_and_by_id(name: str) -> None:
    told = zdmigrate("explain", name)
    assert told.code == 0
    for word in ("message: ", "why: ", "instead: ", "example", "-- zdmigrate: allow "):
        assert word in told.out


def test_an_unknown_rule_is_told_the_nearest() -> None:
    told = zdmigrate("explain", "drop-colum")
    assert (told.code, told.err) == (2, "error: no rule drop-colum\nnext: did you mean drop-column?\n")


def test_a_rule_of_ones_own_is_listed_and_explained() -> None:
    Path("own").mkdir()
    Path("own/no-truncate.toml").write_text(
        'id = "OWN1"\nname = "no-truncate"\ntitle = "We keep everything"\nseverity = "error"\ncategory = "data"\n'
        'message = "{table} is emptied."\nwhy = "The auditors."\ninstead = "Archive it."\n'
        '[[match]]\noperation = "truncate"\n'
    )
    Path("zdmigrate.toml").write_text('[lint]\nrules = ["own"]')
    assert "We keep everything" in zdmigrate("rules").out
    assert "The auditors." in zdmigrate("explain", "no-truncate").out
    Path("001.sql").write_text("TRUNCATE users;")
    assert "no-truncate: users is emptied." in zdmigrate("lint", "001.sql").out


def test_what_is_off_by_default_says_what_turns_it_on() -> None:
    told = 'off by default: turn on with `prefer-text = "hint"` under `[lint.severity]`'
    assert told in zdmigrate("explain", "prefer-text").out
    page = SCHEMA.parents[1] / "rules/prefer-text.md"
    assert told in page.read_text("utf-8")
    Path("001.sql").write_text("CREATE TABLE books (id bigint PRIMARY KEY, title varchar(9));")
    assert zdmigrate("lint", "001.sql").out.startswith("no findings")
    Path("zdmigrate.toml").write_text('[lint.severity]\nprefer-text = "warning"')
    assert "warning prefer-text: books has title as varchar with a limit" in zdmigrate("lint", "001.sql").out
