"""Rules of one's own: one file in a folder is found everywhere, and ``rules --check`` proves its examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate
from tests.docs.markdown import DOCS, blocks
from zdmigrate.lint import rules as catalogue
from zdmigrate.lint.pages import written
from zdmigrate.schema.fact_table import FACTS

if TYPE_CHECKING:
    from tests.servers.database import Database

RULE = next(block.text for block in blocks(DOCS / "own-rules.md") if 'id = "SHOP1"' in block.text)
BAD = "alter table orders add column total money;\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of rules, in a project that names it."""
    monkeypatch.chdir(tmp_path)
    Path("zdmigrate.toml").write_text('[lint]\nrules = ["db-rules"]\n')
    Path("001.sql").write_text(BAD)
    own = tmp_path / "db-rules"
    own.mkdir()
    return own


def test_one_file_copied_into_an_empty_folder_is_a_rule_everywhere(folder: Path) -> None:
    (folder / "money-type.toml").write_text(RULE)

    linted = zdmigrate("lint", "001.sql")
    [run] = json.loads(zdmigrate("lint", "001.sql", "--format", "sarif").out)["runs"]
    pages = written(folder, Path("docs"))

    assert "error money-type: orders.total would be of type money" in linted.out
    assert linted.code == 1
    assert "A dump that is restored" in zdmigrate("explain", "money-type").out
    assert "SHOP1" in zdmigrate("rules").out
    assert "money-type" in {rule["name"] for rule in run["tool"]["driver"]["rules"]}
    assert "SHOP1" in {result["ruleId"] for result in run["results"]}
    assert "alter table orders add column total money;" in pages[Path("docs/money-type.md")]
    assert "[money-type](money-type.md)" in pages[Path("docs/README.md")]


def test_one_file_is_a_whole_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rule is named in code: the shipped folder may as well hold this one alone."""
    (folder / "money-type.toml").write_text(RULE)
    Path("zdmigrate.toml").unlink()
    monkeypatch.setattr(catalogue, "rules_folder", lambda: str(folder))

    assert zdmigrate("rules").out.split()[:2] == ["SHOP1", "money-type"]
    assert "error money-type" in zdmigrate("lint", "001.sql").out
    assert "SHOP1" in zdmigrate("explain", "shop1").out


# --------------------------------------------------------------------------- --check


def test_the_rule_of_the_docs_holds_on_a_server(folder: Path, database: Database) -> None:
    (folder / "money-type.toml").write_text(RULE)

    checked = zdmigrate("rules", "--check", "db-rules", "--dsn", database.dsn)

    assert checked.code == 0
    assert [line.split()[-2:] for line in checked.out.splitlines()[2:]] == [["holds", "holds"]] * 2
    left = database.execute("select datname from pg_database where datname like 'zdmigrate_rules%'")
    assert left == []


WRONG = [
    ("bad = \"alter table orders add column total money;\"", "bad = \"select 1;\"", "bad does not give the finding"),
    ("total numeric(12, 2);\"]", "total money;\"]", "good gives the finding, too"),
    ("total numeric(12, 2);\"]", "total numeric(12\"]", "good has an error of syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "others", "told"), WRONG)
def test_an_example_that_does_not_hold_is_told_and_1(folder: Path, words: str, others: str, told: str) -> None:
    assert words in RULE
    (folder / "money-type.toml").write_text(RULE.replace(words, others))

    checked = zdmigrate("rules", "--check", "db-rules", "--no-server")

    assert checked.code == 1
    assert told in checked.out


def test_what_the_server_refuses_is_told_and_1(folder: Path, database: Database) -> None:
    (folder / "money-type.toml").write_text(RULE.replace("add column total numeric", "add column id numeric"))

    checked = zdmigrate("rules", "--check", "db-rules", "--dsn", database.dsn, "--format", "json")

    report = json.loads(checked.out)
    schema = json.loads((DOCS / "schemas/rules-check-v1.schema.json").read_text("utf-8"))
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert report["examples"][0]["run"].startswith('PostgreSQL refuses good: column "id" of relation "orders" already')
    assert checked.code == 1


def test_what_breaks_has_to_work_before_and_fail_after_bad(folder: Path, database: Database) -> None:
    breaks = 'breaks = "insert into orders (id) values (1)"\ngood = ['
    (folder / "money-type.toml").write_text(RULE.replace("good = [", breaks))

    checked = zdmigrate("rules", "--check", "db-rules", "--dsn", database.dsn, "--format", "json")

    assert json.loads(checked.out)["examples"][0]["run"] == "breaks still works after bad"


def test_a_rule_without_an_example_does_not_pass(folder: Path) -> None:
    (folder / "money-type.toml").write_text(RULE.partition("[[example]]")[0])

    checked = zdmigrate("rules", "--check", "db-rules", "--no-server")

    assert "no [[example]]" in checked.out
    assert checked.code == 1


@pytest.mark.parametrize(
    ("words", "others", "told"),
    [
        ("title =", "titel =", "unknown key titel"),
        ('type = "money"', 'typ = "money"', "unknown fact typ"),
        ("{column} would", "{colum} would", "unknown fact colum"),
        ('severity = "error"', 'severity = "fatal"', "unknown severity fatal"),
        ('name = "money-type"', 'name = "drop-column"', "its name is drop-column"),
        ('id = "SHOP1"', 'id = "ZD101"', "two rules are called ZD101"),
        ("bad =", "worse =", "unknown key worse in [[example]]"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_key_and_2(folder: Path, words: str, others: str, told: str) -> None:
    (folder / "money-type.toml").write_text(RULE.replace(words, others, 1))

    checked = zdmigrate("rules", "--check", "db-rules", "--no-server")

    assert checked.code == 2
    assert told in checked.err
    assert "money-type.toml" in checked.err


def test_the_facts_are_listed_with_what_they_mean() -> None:
    report = json.loads(zdmigrate("rules", "--facts", "--format", "json").out)

    schema = json.loads((DOCS / "schemas/rules-facts-v1.schema.json").read_text("utf-8"))
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert [fact["name"] for fact in report["facts"]] == list(FACTS)
    assert zdmigrate("rules", "--facts").out.startswith("fact")


def test_a_server_is_only_for_checking() -> None:
    assert zdmigrate("rules", "--dsn", "postgresql://x").code == 2
