"""Findings as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.lint.fingerprint import shown_path
from zdmigrate.report.text import counted, summary_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.finding import Finding, LintResult
    from zdmigrate.report import View
    from zdmigrate.usage.evidence import Evidence

MARK = "<!-- zdmigrate lint -->"  # by which a bot finds the comment that it wrote before
LIMIT = 60_000  # GitHub refuses a comment of more than 65,536 characters
_EVIDENCE = 10  # lines of code that name what is lost
LONGEST = 500  # of a source line: a COPY or an INSERT may have megabytes


def render(result: LintResult, view: View) -> str:
    """The whole comment; what would make it too long for GitHub is counted."""
    head = [MARK, f"### zdmigrate lint: {summary_line(result.summary)}"]
    blocks = ["\n\n".join(_finding(finding, result, view.root)) for finding in result.findings]
    told = blocks[: _that_fit(blocks)]
    left = len(blocks) - len(told)
    tail = [f"and {counted(left, 'further finding')}: run `zdmigrate lint`"] if left else []
    return "\n\n".join([*head, *told, *tail])


def _that_fit(blocks: list[str]) -> int:
    length = 0
    for number, block in enumerate(blocks):
        length += len(block) + 2
        if length > LIMIT:
            return number
    return len(blocks)


def _finding(finding: Finding, result: LintResult, root: str) -> Iterator[str]:
    place = f"{shown_path(finding.path, root)}:{finding.line}:{finding.column}"
    yield f"**{finding.severity}** {_code(finding.rule)} in {_code(place)}: {_prose(finding.message)}"
    yield _fenced(result.lines[finding.path].text_of(finding.line)[:LONGEST])
    if finding.evidence:
        yield "\n".join(_evidence(found, root) for found in finding.evidence[:_EVIDENCE])
    if finding.help:
        yield f"<details><summary>What to do instead</summary>\n\n{_advice(finding.help)}\n\n</details>"


def _evidence(found: Evidence, root: str) -> str:
    place = _code(f"{shown_path(found.path, root)}:{found.line}")
    return f"- {place} {_code(found.text)}" if found.text else f"- {place}"


def _advice(text: str) -> str:
    """Indented lines are SQL to paste, which Markdown leaves alone."""
    return "\n".join(line if line.startswith("    ") else _prose(line) for line in text.strip("\n").splitlines())


def _prose(text: str) -> str:
    """With what Markdown or GitHub would read as markup taken for what it is: names may hold ``_``, ``*`` or ``@``."""
    return re.sub(r"([\\`*_\[\]<>#|@~&$])", r"\\\1", text).replace("\\@", "@\u2060").replace("\n", " ")


def _code(text: str) -> str:
    fence = _longer_than_within(text, 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _fenced(text: str) -> str:
    fence = _longer_than_within(text, 3)
    return f"{fence}sql\n{text}\n{fence}"


def _longer_than_within(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
