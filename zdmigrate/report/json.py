"""Findings as JSON, version 1 (docs/schemas/lint-v1.schema.json)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zdmigrate.lint.fingerprint import fingerprints

if TYPE_CHECKING:
    from zdmigrate.lint.finding import Finding, LintResult, StatementEffects
    from zdmigrate.report import View
    from zdmigrate.schema.walk import Analysed

VERSION = 1
PLACE = ("path", "line", "column", "end_line", "end_column")
FIELDS = (
    "rule",
    "id",
    "severity",
    *PLACE,
    "message",
    "help",
    "phase",
    "operation",
    "relation",
    "recipe",
    "rows",
    "seconds",
)


def render(result: LintResult, view: View) -> str:
    """The whole report; ``statements`` only where effects are asked for."""
    findings = [
        _finding(finding, fingerprint)
        for finding, fingerprint in zip(result.findings, fingerprints(result.findings), strict=True)
    ]
    statements = {"statements": [_statement(statement) for statement in result.statements]} if view.effects else {}
    report = {"version": VERSION, "findings": findings, **statements, "summary": result.summary._asdict()}
    return json.dumps(report, indent=2, ensure_ascii=False)


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    evidence = {"evidence": [found._asdict() for found in finding.evidence]} if finding.evidence else {}
    fields = {field: getattr(finding, field) for field in FIELDS}
    return {**fields, "fixable": finding.is_fixable, "fingerprint": fingerprint, **evidence}


def _statement(statement: StatementEffects) -> dict[str, Any]:
    return {
        "path": statement.path,
        "line": statement.line,
        "phase": statement.phase,
        "operations": [_operation(found) for found in statement.operations],
    }


def _operation(found: Analysed) -> dict[str, Any]:
    effects = found.effects
    return {
        "operation": found.operation.kind,
        "relation": found.facts.get("relation") or None,
        "locks": {str(relation): mode.pg_locks for relation, mode in effects.locks.items()},
        "rewrites": [str(relation) for relation in effects.rewrites],
        "scans": [str(relation) for relation in effects.scans],
        "builds_index": effects.builds_index,
    }
