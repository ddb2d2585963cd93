"""What a gate waits for: one table for a person, and the same for scripts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from zdmigrate.cli.tables import columns_wide, draw
from zdmigrate.live.ages import ago, span
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from zdmigrate.live.verdict import Reason, Verdict

_COULD_START = "could start"  # Code.OLD_VERSION_LIVE of what does not run
# What a row of instances says; what is said of no instance stands below the table, in its own words.
_WHY = {
    Code.OLD_VERSION_LIVE: "runs",
    Code.OLD_VERSION_SEEN_LATELY: "seen lately",
    Code.INSTANCE_LOST: "fell silent",
}
_NEXT = {
    Code.OLD_VERSION_LIVE: "drain {version}; the rollback window begins when its last instance has said goodbye",
    _COULD_START: (
        "make sure that nothing starts {version}: delete it, or give it another version; or, if nobody will: "
        'zdmigrate live retire {version} --reason "…"'
    ),
    Code.INSTANCE_LOST: 'if {version} is gone for good: zdmigrate live retire {version} --reason "…"',
    Code.NO_EVIDENCE: "deploy a release that has {change}, and let it beat (zdmigrate.sdk, or zdmigrate live beat)",
    Code.SAME_RELEASE: "nothing: the next release contracts it",
    Code.OTHER_APP: 'name it in the change ("-- zdmigrate: contract needs APP VERSION"), or [apps.APP] ignores = true',
    Code.BEAT_IN_PROGRESS: "end that transaction: a beat belongs in one of its own",
}
NAMED = 3  # that many instances, or versions, are named; the rest are counted


def render(verdict: Verdict, *, width: int | None = None) -> str:
    """The whole answer, as a person reads it at three in the morning; 80 columns where there is no terminal."""
    return "\n".join(_lines(verdict, width))


def render_all(verdicts: Sequence[Verdict], *, width: int | None = None) -> str:
    """Several gates, one after the other."""
    return "\n\n".join(render(verdict, width=width) for verdict in verdicts)


def _lines(verdict: Verdict, width: int | None) -> Iterator[str]:
    state = "open" if verdict.open else "shut"
    yield f"The gate of {verdict.change} is {state} for release {verdict.release} of {verdict.app}."
    yield from _told(verdict.reasons, verdict, width)
    if verdict.overridden:
        yield "Passed over by force:"
        yield from _told(verdict.overridden, verdict, width)
    if verdict.seconds_left is not None:
        yield f"Time alone opens it, in {span(verdict.seconds_left)}."
    if verdict.not_fenced:
        them, names = "it" if len(verdict.not_fenced) == 1 else "them", _names(verdict.not_fenced)
        never = f"Not fenced: {names} never beat; nothing is known of {them}, and no answer stops {them}."
        yield _wrapped(never, width)
    for hint in _hints(verdict):
        yield f"next: {hint}"


def _told(reasons: Sequence[Reason], verdict: Verdict, width: int | None) -> Iterator[str]:
    """A table of the instances in the way, then what is said of none."""
    seen = [reason for reason in reasons if reason.instance is not None]
    if seen:
        yield ""
        columns = ["In the way", "Why", "Count", "Last seen", "Still", "Seen where"]
        yield draw(columns, (_row(group, verdict) for group in _grouped(seen)), width=width)
        yield ""
    for reason in reasons:
        if reason.instance is None:
            left = f" ({span(reason.seconds_left)} still)" if reason.seconds_left is not None else ""
            yield _wrapped(f"- {reason.sentence}{left}", width)


def _wrapped(text: str, width: int | None) -> str:
    return textwrap.fill(
        text, width or columns_wide(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _grouped(reasons: Iterable[Reason]) -> list[list[Reason]]:
    """Instances of one version in one state stand in one row."""
    groups: dict[tuple[object, ...], list[Reason]] = {}
    for reason in reasons:
        still = reason.seconds_left is None
        state = (reason.code, reason.running, still)
        groups.setdefault((state, reason.app, reason.version, reason.source), []).append(reason)
    return list(groups.values())


def _row(group: list[Reason], verdict: Verdict) -> list[str]:
    first = group[0]
    last_seen = max(reason.last_seen for reason in group if reason.last_seen)
    foreign = f"{first.app} " if first.app != verdict.app else ""
    lefts = [reason.seconds_left for reason in group if reason.seconds_left is not None]
    return [
        f"{foreign}{first.version}",
        _why(first),
        str(len(group)),
        ago((verdict.asked_at - last_seen).total_seconds()),
        span(max(lefts)) if lefts else "until it cannot" if first.running is False else "until it stops",
        f"{first.source}: {_names([str(reason.instance) for reason in group])}",
    ]


def _why(reason: Reason) -> str:
    if reason.running is False:
        return _COULD_START
    return next((why for code, why in _WHY.items() if code == reason.code), "too old")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _hints(verdict: Verdict) -> Iterator[str]:
    told: dict[str, None] = {}  # in the order of the table, each once
    for reason in verdict.reasons:
        named_in_change = reason.code == Code.OTHER_APP and reason.version
        for code, hint in _NEXT.items():
            if code == (_COULD_START if reason.running is False else reason.code) and not named_in_change:
                told[hint.format(version=reason.version, change=verdict.change)] = None
    yield from told


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The same, for scripts: every instance for itself."""
    return {
        "app": verdict.app,
        "change": verdict.change,
        "release": verdict.release,
        "open": verdict.open,
        "asked_at": verdict.asked_at.isoformat(),
        "seconds_left": verdict.seconds_left,
        "reasons": [_reason(reason) for reason in verdict.reasons],
        "overridden": [_reason(reason) for reason in verdict.overridden],
        "not_fenced": list(verdict.not_fenced),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    seen: datetime | None = reason.last_seen
    return {**reason._asdict(), "code": str(reason.code), "last_seen": seen.isoformat() if seen else None}
