"""What linting found: findings with their places, what the statements cost, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.config_keys import SEVERITIES
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.lint.fix import Fix
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sql.lines import Lines
    from zdmigrate.usage.evidence import Evidence


class Finding(Value):
    """A place where a rule matched. Lines and columns begin at 1; ``end_column`` is the one after the last."""

    rule: str
    id: str
    severity: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    help: str = ""
    phase: str | None = None  # the section's name; None without markers
    operation: str | None = None
    relation: str | None = None
    recipe: str | None = None
    rows: int | None = None  # of the tables that are read or written anew; None where nobody knows
    seconds: float | None = None  # about how long that takes
    statement: str = ""  # what it is about, word by word: the same when it moves to another line
    language: str = "sql"  # of the file; in another one, the line shows the call that sends the statement
    fix: Fix | None = None  # None where its rule has none
    evidence: tuple[Evidence, ...] = ()  # where the previous release names what is lost; the best first

    @property
    def is_fixable(self) -> bool:
        """Whether ``lint --fix`` would try to mend it."""
        return self.fix is not None and bool(self.fix.edits)


class StatementEffects(NamedTuple):
    """What one statement's operations cost, for ``--effects``."""

    path: str
    line: int
    phase: str | None
    operations: tuple[Analysed, ...]


class Summary(NamedTuple):
    files: int
    statements: int
    errors: int
    warnings: int
    hints: int
    not_analysed: int  # operations that the linter recognises by name only
    in_baseline: int = 0  # findings that a baseline takes back; they are in no other count


class LintResult(Value):
    """Everything that a report may show. ``lines`` has the source of every file with a finding."""

    findings: tuple[Finding, ...]
    summary: Summary
    paths: tuple[str, ...] = ()  # of every file that was reported on, in order
    statements: tuple[StatementEffects, ...] = ()
    lines: Mapping[str, Lines] = {}
    notes: tuple[str, ...] = ()  # what was not looked into, and why

    def fails(self, fail_on: str) -> bool:
        """Whether a finding is at or above a severity; ``never`` is above them all."""
        return any(is_failing(finding, fail_on) for finding in self.findings)


def is_failing(finding: Finding, fail_on: str) -> bool:
    """Whether its severity is at or above that one; ``never`` is above them all."""
    return fail_on in SEVERITIES and SEVERITIES.index(finding.severity) <= SEVERITIES.index(fail_on)
