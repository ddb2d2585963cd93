"""What is known of each version of an app, all sources together: does it hold a gate, whose, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.live.ages import span
from zdmigrate.live.gate import in_the_way
from zdmigrate.live.sighting import Presence
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from zdmigrate.config import Config, Gate
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import Sighting

_WAITING = """
SELECT v.version, c.id, zdmigrate.is_old_for(c.app, v.version, c.id)
FROM unnest(%s::text[]) AS v(version)
JOIN zdmigrate.change AS c ON c.app = %s AND c.state IN ('expanding', 'expanded')
ORDER BY c.id
"""
_ORDER = (Presence.LIVE, Presence.LOST, Presence.LEFT)  # what says most of a version, first
_WORDS = {
    Code.OLD_VERSION_LIVE: "it runs, or could start",
    Code.INSTANCE_LOST: "it fell silent without a goodbye",
    Code.OLD_VERSION_SEEN_LATELY: "the rollback window has not passed",
}


class Tally(NamedTuple):
    """One version. ``seconds_left`` is how long it holds gates still, None where somebody has to act."""

    version: str
    state: Presence
    sources: tuple[str, ...]
    running: int  # instances that run, as far as is known
    instances: int  # all of them: those that could start, were lost or have left, too
    first_seen: datetime
    last_seen: datetime
    weight: float | None
    holds: tuple[str, ...]  # the changes whose contract it holds
    speaks_for: tuple[str, ...]  # those that it is evidence for
    why: str
    seconds_left: float | None


def tallies(connection: Connection, config: Config, seen: Sequence[Sighting]) -> tuple[Tally, ...]:
    """What ``seen`` says of each version, by version."""
    names = sorted({one.version for one in seen})
    old: dict[str, list[str]] = {name: [] for name in names}
    known: dict[str, list[str]] = {name: [] for name in names}
    for version, change, is_old in connection.execute(_WAITING, [names, config.app]):
        (old if is_old else known)[version].append(change)
    return tuple(
        _tally([one for one in seen if one.version == name], config.gate, tuple(old[name]), tuple(known[name]))
        for name in names
    )


def _tally(seen: list[Sighting], gate: Gate, old: tuple[str, ...], known: tuple[str, ...]) -> Tally:
    states = {one.state for one in seen}
    reasons = [reason for one in seen for reason in in_the_way(one, gate, one.version)]
    lefts = [reason.seconds_left for reason in reasons]
    timed = [left for left in lefts if left is not None]
    weights = [one.weight for one in seen if one.weight is not None and one.state is Presence.LIVE]
    return Tally(
        version=seen[0].version,
        state=next(state for state in _ORDER if state in states),
        sources=tuple(dict.fromkeys(one.source for one in seen)),
        running=sum(one.state is Presence.LIVE and one.running for one in seen),
        instances=len(seen),
        first_seen=min(one.first_seen for one in seen),
        last_seen=max(one.last_seen for one in seen),
        weight=max(weights, default=None),
        holds=old if reasons else (),
        speaks_for=known if Presence.LIVE in states else (),
        why=_why({reason.code for reason in reasons}, old, known),
        seconds_left=max(timed) if old and timed and len(timed) == len(lefts) else None,
    )


def _why(codes: set[str], old: tuple[str, ...], known: tuple[str, ...]) -> str:
    if not old:
        return "it knows every change that waits" if known else "no contract waits"
    return next((words for code, words in _WORDS.items() if code in codes), "it has been gone for long enough")


# --------------------------------------------------------------------------- what would have to happen


def explain(seen: Iterable[Sighting], gate: Gate) -> Iterator[str]:
    """For each instance of a version: what has to happen so that it holds no gate; a sentence each."""
    for one in seen:
        where = f"{one.instance} ({one.source})"
        reasons = list(in_the_way(one, gate, one.version))
        if one.state is Presence.LIVE and not one.running:
            yield (
                f"{where} could start it: give it another version, delete it, or say that it will not start: "
                f'zdmigrate live retire {one.version} --instance {one.instance} --reason "…"'
            )
        elif one.state is Presence.LIVE:
            ends = "it is listed no more" if one.silence_means_absence else "it says goodbye, or is retired once silent"
            yield f"{where} runs it: stop it; when {ends}, the rollback window of {gate.rollback_window} begins"
        elif not reasons:
            yield f"{where} holds no gate any more"
        elif one.state is Presence.LOST:
            yield (
                f"{where} fell silent: time alone takes it away in {_left(reasons[0].seconds_left)}; if it is gone for "
                f'good: zdmigrate live retire {one.version} --instance {one.instance} --reason "…"'
            )
        else:
            yield f"{where} has left: the rollback window ends in {_left(reasons[0].seconds_left)}"


def _left(seconds: float | None) -> str:
    return span(seconds or 0)
