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


def render(result: LintResult, view: View) -> str:
    """The whole report: GitLab compares it by fingerprint with the one of the target branch."""
    issues = [
        _issue(finding, fingerprint, shown_path(finding.path, view.root))
        for finding, fingerprint in zip(result.findings, fingerprints(result.findings), strict=True)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False)


def _issue(finding: Finding, fingerprint: str, path: str) -> dict[str, Any]:
    return {
        "description": finding.message,
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": path,
            "lines": {"begin": finding.line, "end": finding.end_line},
        },
    }
