"""Findings as JSON, version 1 (docs/schemas/lint-v1.schema.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdmigrate.lint.finding import LintResult, StatementEffects
    from zdmigrate.schema.walk import Analysed

VERSION = 1


def as_json(result: LintResult, *, effects: bool = False) -> dict[str, Any]:
    """The report as JSON values; ``statements`` only where effects are asked for."""
    findings = [dict(zip(found.field_names, found.field_values(), strict=True)) for found in result.findings]
    statements = {"statements": [_statement(statement) for statement in result.statements]} if effects else {}
    return {"version": VERSION, "findings": findings, **statements, "summary": result.summary._asdict()}


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
