"""Mending files: a fix is tried on a text, and kept only where linting that text again proves it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.lint.fix import edited, overlap
from zdmigrate.lint.same_schema import is_same_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from zdmigrate.lint.engine import Linter, Looked
    from zdmigrate.lint.finding import Finding
    from zdmigrate.lint.rule import Rule
    from zdmigrate.sources.change import Change
    from zdmigrate.sources.history import History

MOST = 1000  # rounds for a file, should two fixes ever call for each other


class Left(NamedTuple):
    """A finding that was not fixed although its rule has a fix, and why."""

    finding: Finding
    reason: str


class Mended(NamedTuple):
    """A file's text before and after, and what was found in that before; only what a fix has brought has new lines."""

    path: str
    before: str
    after: str
    done: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()


class Mender:
    """Mends the files of a history in order. ``is_meant`` leaves out findings that are not to be fixed."""

    def __init__(
        self,
        linter: Linter,
        rules: Iterable[Rule],
        is_meant: Callable[[Sequence[Finding]], Collection[Finding]] = tuple,
    ) -> None:
        self._linter = linter
        self._is_meant = is_meant
        # What older versions notice follows from the schema that is reached, and that stays the same.
        self._counted = {rule.name for rule in rules if rule.category != "compatibility"}

    def mend(self, files: History, paths: Collection[str]) -> list[Mended]:
        """All files of the history, of which those in ``paths`` may change."""
        mended = []
        for change in files:
            if change.path in paths:
                found, change = self._mend(change, files)
                mended.append(found)
            self._linter.read_all([change])
        return mended

    def _mend(self, change: Change, files: History) -> tuple[Mended, Change]:
        looked = before = self._linter.look(change)
        done: list[Finding] = []  # from the last on, so that what they add stands in the order of the findings
        left: dict[tuple[str, ...], Left] = {}
        for _ in range(MOST):
            open_ = [finding for finding in reversed(self._meant(looked)) if _key(finding) not in left]
            if not open_:
                break
            looked, fixed, failed = self._round(looked, open_, files)
            done += fixed
            left.update((_key(one.finding), one) for one in failed)
        refused = [Left(one, one.fix.reason) for one in self._is_meant(looked.findings) if one.fix and one.fix.reason]
        was = _as_it_was(before.findings)
        mended = Mended(
            path=change.path,
            before=change.text,
            after=looked.change.text,
            done=tuple(map(was, reversed(done))),
            left=tuple(Left(was(one), reason) for one, reason in (*left.values(), *refused)),
        )
        return mended, looked.change

    def _meant(self, looked: Looked) -> list[Finding]:
        return [finding for finding in self._is_meant(looked.findings) if finding.fix and finding.fix.edits]

    def _round(
        self, looked: Looked, findings: Sequence[Finding], files: History
    ) -> tuple[Looked, Sequence[Finding], Sequence[Left]]:
        """All fixes that do not meet, at once; where that proves wrong, the first alone."""
        together = _apart(findings)
        for group in (together, together[:1]):
            tried = self._tried(looked, group, files)
            told = self._worse(looked, tried, group) if tried else "the file could not be read with it"
            if tried and not told:
                return tried, group, ()
        return looked, (), [Left(findings[0], told)]

    def _tried(self, looked: Looked, group: Sequence[Finding], files: History) -> Looked | None:
        edits = [edit for finding in group if finding.fix for edit in finding.fix.edits]
        try:
            return self._linter.look(files.reread(looked.change.path, edited(looked.change.text, edits)))
        except InputError:
            return None

    def _worse(self, before: Looked, after: Looked, group: Sequence[Finding]) -> str:
        """What speaks against the new text; empty where it is better."""
        was, now = Counter(one.rule for one in before.findings), Counter(one.rule for one in after.findings)
        for rule, count in Counter(finding.rule for finding in group).items():
            if now[rule] > was[rule] - count:
                return f"{rule} would be found again"
        errors = {finding.rule for finding in after.findings if finding.severity == "error"}
        for rule in sorted(errors & self._counted):
            if now[rule] > was[rule]:
                return f"it would bring {rule}"
        return "" if is_same_schema(before.catalog, after.catalog) else "it would lead to another schema"


def _key(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.statement, finding.message


def _as_it_was(before: Sequence[Finding]) -> Callable[[Finding], Finding]:
    """The finding at its place before anything was mended, which is the text that its reader has in front of them."""
    known: dict[tuple[str, ...], list[Finding]] = {}
    for finding in before:
        known.setdefault(_key(finding), []).append(finding)

    def was(finding: Finding) -> Finding:
        same = known.get(_key(finding))
        return same.pop(0) if same else finding  # without one, a fix has brought it

    return was


def _apart(findings: Sequence[Finding]) -> list[Finding]:
    """Findings from the first on, of which no two fixes meet."""
    chosen: list[Finding] = []
    for finding in findings:
        if not overlap(edit for one in (*chosen, finding) if one.fix for edit in one.fix.edits):
            chosen.append(finding)
    return chosen or list(findings[:1])
