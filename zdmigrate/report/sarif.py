"""Findings as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zdmigrate import __version__
from zdmigrate.lint.fingerprint import fingerprints, shown_path
from zdmigrate.lint.rule import in_general

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zdmigrate.lint.finding import Finding, LintResult
    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.rule import Rule
    from zdmigrate.report import View
    from zdmigrate.sql.lines import Lines
    from zdmigrate.usage.evidence import Evidence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/zdmigrate/zdmigrate"
_LEVELS = {"error": "error", "warning": "warning", "hint": "note", "off": "none"}
_OF_GITHUB = {"error": "error", "warning": "warning", "hint": "recommendation", "off": "recommendation"}


def render(result: LintResult, view: View) -> str:
    """One run, with every rule: a viewer knows what was looked for, and not only what was found."""
    rules = view.rules()
    places = {rule.name: number for number, rule in enumerate(rules)}
    driver = {
        "name": "zdmigrate",
        "version": __version__,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "results": [
            _result(finding, fingerprint, places, view.root, result.lines[finding.path])
            for finding, fingerprint in zip(result.findings, fingerprints(result.findings), strict=True)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule: Rule) -> dict[str, Any]:
    why, instead = in_general(rule.why).strip(), "\n\n".join(_instead(rule))
    described = {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": why or rule.title},
        "help": {
            "text": f"{why}\n\n{instead}\n\nTo allow it once: {_allow(rule)}",
            "markdown": f"{why}\n\n**Instead:** {instead}\n\n**To allow it once:**\n\n```sql\n{_allow(rule)}\n```",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.severity != "off"},
        "properties": {"tags": [rule.category], "problem.severity": _OF_GITHUB[rule.severity], "precision": "high"},
    }
    if rule.id.startswith("ZD"):  # rules of other people's folders have no page here
        described["helpUri"] = f"{HOME}/blob/main/docs/rules/{rule.name}.md"
    return described


def _instead(rule: Rule) -> Iterator[str]:
    """What holds in general, and what holds instead where something is so."""
    yield in_general(rule.instead).strip("\n")
    for variant in rule.variants:
        where = " and ".join(f"{fact} is {str(wanted).lower() or 'empty'}" for fact, wanted in variant["match"].items())
        yield f"Where {where}:\n\n{in_general(variant['instead'])}".strip("\n")


def _allow(rule: Rule) -> str:
    return f"-- zdmigrate: allow {rule.name} because …"


def _result(finding: Finding, fingerprint: str, places: Mapping[str, int], root: str, lines: Lines) -> dict[str, Any]:
    path = shown_path(finding.path, root)
    number = {"ruleIndex": places[finding.rule]} if finding.rule in places else {}
    return {
        "ruleId": finding.id,
        **number,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}\n\n{finding.help}".rstrip()},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(finding)}}],
        "partialFingerprints": {"statement/v1": fingerprint},
        **({"fixes": [_fix(finding, lines, path)]} if finding.is_fixable else {}),
        **({"relatedLocations": [_related(found, root) for found in finding.evidence]} if finding.evidence else {}),
    }


def _fix(finding: Finding, lines: Lines, path: str) -> dict[str, Any]:
    edits = finding.fix.edits if finding.fix else ()
    replacements = [
        {"deletedRegion": _stretch(edit, lines), **({"insertedContent": {"text": edit.text}} if edit.text else {})}
        for edit in edits
    ]
    return {
        "description": {"text": f"What zdmigrate lint --fix does about {finding.rule}."},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
    }


def _stretch(edit: Edit, lines: Lines) -> dict[str, int]:
    """An insertion deletes a region of no length."""
    (line, column), (end_line, end_column) = lines.position(edit.start), lines.position(edit.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _related(found: Evidence, root: str) -> dict[str, Any]:
    """A line of the previous release; a viewer shows the line of that number today."""
    artifact = _artifact(shown_path(found.path, root))
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": found.line}},
        "message": {"text": found.text},
    }


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(finding: Finding) -> dict[str, int]:
    """``endColumn`` is the one after the last, here as there."""
    return {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
