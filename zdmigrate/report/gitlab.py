"""Findings as GitLab's Code Quality report, which it shows in the merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zdmigrate.lint.fingerprint import fingerprints, shown_path

if TYPE_CHECKING:
    from zdmigrate.lint.finding import Finding, LintResult
    from zdmigrate.report import View

_SEVERITIES = {"error": "critical", "warning": "minor", "hint": "info"}


def render(result: LintResult, view: View) -> str:  # noqa: ARG001 - every format's signature
    """The whole report: GitLab compares it by fingerprint with the one of the target branch."""
    issues = map(_issue, result.findings, fingerprints(result.findings))
    return json.dumps(list(issues), indent=2, ensure_ascii=False)


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "description": finding.message,
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": shown_path(finding.path),
            "lines": {"begin": finding.line, "end": finding.end_line},
        },
    }
