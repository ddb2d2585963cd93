"""Findings as JUnit XML: a suite a file, a failure for each finding that makes lint fail.

No standard describes it; this is the part that Jenkins, GitLab, CircleCI and Azure agree on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from zdmigrate.lint.finding import is_failing
from zdmigrate.lint.fingerprint import shown_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.lint.finding import Finding, LintResult
    from zdmigrate.report import View

# What XML 1.0 has no way to write, and SQL may hold in a literal.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: LintResult, view: View) -> str:
    """Every file that was looked at is there: servers take a report without a test for one that was lost."""
    suites = Element("testsuites", name="zdmigrate lint")
    findings: dict[str, list[Finding]] = {path: [] for path in result.paths}
    for finding in result.findings:
        findings[finding.path].append(finding)
    for path in result.paths:
        _suite(suites, path, findings[path], view.fail_on)
    _count(suites)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode")


def _suite(suites: Element, path: str, findings: Sequence[Finding], fail_on: str) -> None:
    suite = SubElement(suites, "testsuite", name=_writable(shown_path(path)))
    for finding in findings:
        _case(suite, finding, fail_on)
    if not findings:
        SubElement(suite, "testcase", name="no findings", classname=_writable(shown_path(path)))
    _count(suite)


def _case(suite: Element, finding: Finding, fail_on: str) -> None:
    path = shown_path(finding.path)
    name = f"{finding.rule} in line {finding.line}, column {finding.column}"
    case = SubElement(suite, "testcase", name=name, classname=_writable(path), file=_writable(path))
    case.set("line", str(finding.line))
    place = f"{path}:{finding.line}:{finding.column}"
    text = _writable(f"{place} {finding.severity} {finding.rule}: {finding.message}\n\n{finding.help}".rstrip())
    if is_failing(finding, fail_on):
        SubElement(case, "failure", message=_writable(finding.message), type=finding.rule).text = text
    else:
        SubElement(case, "system-out").text = text


def _count(element: Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    element.set("failures", str(len(list(element.iter("failure")))))


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
