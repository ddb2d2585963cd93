"""Which findings a file's own ``-- zdmigrate: allow`` comments take back, and which allows take back nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zdmigrate.sources.change import Change
    from zdmigrate.sources.markers import Allow


class UnusedAllow(NamedTuple):
    """An allow that does nothing, the rule that says so, why, and what would mend it."""

    allow: Allow
    rule: str
    problem: str
    repair: str


class Suppression:
    """The allows of one file, and which of them were of use."""

    def __init__(self, change: Change) -> None:
        self._lines = change.lines
        self._allows = change.allows
        self._used: set[Allow] = set()
        comments = _lines_of_comments(change) if change.allows else set()
        self._reach = {allow: self._lines_meant(allow, comments) for allow in change.allows}

    def allows(self, rule: str, first_line: int, last_line: int) -> bool:
        """Whether a finding of this rule in a statement on these lines is allowed."""
        found = [
            allow
            for allow in self._allows
            if allow.rule == rule
            and allow.reason
            and (allow.whole_file or any(first_line <= line <= last_line for line in self._reach[allow]))
        ]
        self._used.update(found)
        return bool(found)

    def unused(self, rules: Collection[str], off: Collection[str]) -> Iterator[UnusedAllow]:
        """The allows without use, after all findings were asked about; rules turned off need none."""
        for allow in self._allows:
            if allow not in self._used and allow.rule not in off:
                known = allow.rule in rules
                why = _why_unused(allow) if known else _why_unknown(allow, rules)
                yield UnusedAllow(allow, "unused-allow" if known else "unknown-allow", *why)

    def _lines_meant(self, allow: Allow, comments: set[int]) -> range:
        """Its own line; where that holds nothing but comments, the lines down to the first that does."""
        first = last = self._lines.position(allow.span.start)[0]
        while last in comments:
            last += 1
        return range(first, last + 1)


def _lines_of_comments(change: Change) -> set[int]:
    """The numbers of the lines that hold nothing but a comment."""
    found: set[int] = set()
    for comment in change.script.comments:
        first, column = change.lines.position(comment.span.start)
        last, end = change.lines.position(comment.span.end)
        alone = not change.lines.text_of(first)[: column - 1].strip()
        if alone and not change.lines.text_of(last)[end - 1 :].strip():
            found.update(range(first, last + 1))
    return found


def _why_unknown(allow: Allow, rules: Collection[str]) -> tuple[str, str]:
    close = nearest(allow.rule, rules)
    told = f"There is no rule {allow.rule}: this allow does nothing." if allow.rule else "This allow names no rule."
    return told, f"Write {close}." if close else "Remove it."


def _why_unused(allow: Allow) -> tuple[str, str]:
    if not allow.reason:
        told = f"This allow of {allow.rule} gives no reason, and so does nothing."
        return told, f"Write allow {allow.rule} because …"
    place = "in this file" if allow.whole_file else "on its line or just below it"
    return f"Nothing {place} is {allow.rule}.", "Remove it, or move it to the statement that it is for."
