"""Findings as GitHub's workflow commands: GitHub shows each beside its line in the pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fingerprint import shown_path
from zdmigrate.report.text import summary_line

if TYPE_CHECKING:
    from zdmigrate.lint.finding import Finding, LintResult
    from zdmigrate.report import View

_COMMANDS = {"error": "error", "warning": "warning", "hint": "notice"}


def render(result: LintResult, view: View) -> str:
    """A line for each finding, and the summary for who reads the log."""
    commands = [_command(finding, shown_path(finding.path, view.root)) for finding in result.findings]
    return "\n".join([*commands, summary_line(result.summary)])


def _command(finding: Finding, path: str) -> str:
    properties = {"file": path, **_place(finding), "title": f"{finding.rule} ({finding.id})"}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{finding.message}\n\n{finding.help}" if finding.help else finding.message
    return f"::{_COMMANDS[finding.severity]} {told}::{_data(text.rstrip())}"


def _place(finding: Finding) -> dict[str, int]:
    """Columns only within one line: GitHub drops them otherwise, and says so in the log each time."""
    lines = {"line": finding.line, "endLine": finding.end_line}
    if finding.end_line > finding.line:
        return lines
    return lines | {"col": finding.column, "endColumn": finding.end_column}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
