"""The gate: whether the contract of a change may start now (docs/gate.md)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from zdmigrate.live.ages import ago
from zdmigrate.live.looks import why_silent
from zdmigrate.live.sighting import Presence
from zdmigrate.live.sources import HEARTBEAT
from zdmigrate.live.standing import look_around
from zdmigrate.live.verdict import Code, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from zdmigrate.config import Config, Gate
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import Sighting
    from zdmigrate.live.standing import Need, Standing


def ask_gate(
    connection: Connection, config: Config, app: str, change: str, release: str, extra: Iterable[Reason] = ()
) -> Verdict:
    """Whether ``change`` of ``app`` may be contracted in ``release``, by the database's own clock.

    Writes nothing and takes no lock, and asks no source outside of the ledger: ``observe`` does, and what it stored is
    judged. ``extra`` are reasons of the caller's own (the runner's preflight).
    """
    standing = look_around(connection, config, app, change, release)
    reasons = (*_judge(standing, config.gate, app, change, release), *extra)
    return Verdict(app, change, release, not reasons, reasons, standing.not_fenced, standing.now)


def _judge(standing: Standing, gate: Gate, app: str, change: str, release: str) -> Iterator[Reason]:
    return chain(
        _release(standing, gate, app, change, release),
        _old_versions(standing, gate, app, change),
        *(_observation(standing, gate, app, watched) for watched in standing.watched(app)),
        _evidence(standing, app, change),
        *(_need(standing, gate, change, need) for need in standing.needs),
        _unnamed_apps(standing, change),
        _silent_sources(standing, gate),
    )


# --------------------------------------------------------------------------- 1: old versions are gone


def _old_versions(standing: Standing, gate: Gate, app: str, change: str) -> Iterator[Reason]:
    for seen in standing.of(app):
        if (app, seen.version) in standing.in_the_way:
            yield from in_the_way(seen, gate, f"{seen.version} is old for {change}")


def in_the_way(seen: Sighting, gate: Gate, why: str) -> Iterator[Reason]:
    """What one instance that is in the way means to the gate: nothing, once it was gone for long enough.

    A rollback window counts for a lost instance as for one that left; the longer of the two holds.
    """
    told = (seen.app, seen.version, seen.instance, seen.source, seen.last_seen)
    rollback, lost = gate.rollback_window.seconds - seen.age, gate.lost_window.seconds - seen.age
    if seen.state is Presence.LIVE:
        yield Reason(Code.OLD_VERSION_LIVE, f"{why}, and {_runs(seen)}", *told, running=seen.running)
    elif seen.state is Presence.LOST and lost > 0:
        sentence = f"{why}, and {seen.instance} fell silent {ago(seen.age)} without a goodbye: it may still run"
        yield Reason(Code.INSTANCE_LOST, sentence, *told, max(lost, rollback))
    elif rollback > 0:
        sentence = f"{why}, and was seen {ago(seen.age)}: within the rollback window of {gate.rollback_window}"
        yield Reason(Code.OLD_VERSION_SEEN_LATELY, sentence, *told, rollback)


def _runs(seen: Sighting) -> str:
    if not seen.running:
        return f"{seen.instance} could start it"
    last = f"last beat {ago(seen.age)}" if seen.source == HEARTBEAT else f"seen {ago(seen.age)}"
    return f"{seen.instance} runs it ({last})"


def _silent_sources(standing: Standing, gate: Gate) -> Iterator[Reason]:
    for look in standing.looks:
        why = why_silent(look, gate)
        if why:
            yield Reason(Code.SOURCE_SILENT, why, look.app, source=look.source, last_seen=look.last)


# --------------------------------------------------------------------------- 1, 2: silence is not evidence


def _observation(standing: Standing, gate: Gate, own: str, app: str) -> Iterator[Reason]:
    """A window counts only while somebody looked, at each source: since the server started, and since the last gap."""
    by_operator = app == own and standing.operator_speaks_for(app)
    if not standing.speaks_for(app) and not by_operator:
        return  # no-evidence says more
    if by_operator and standing.gone_since:
        yield from _window(standing, gate, app, "operator", standing.gone_since, "the last old release was retired")
    elif standing.beats_of(app):
        since = _beating_since(standing.beats_of(app), standing.now, gate.heartbeat_ttl.seconds)
        yield from _window(standing, gate, app, HEARTBEAT, since, "the first beat after a gap came")
    for look in standing.looks:
        if look.app == app and look.since is not None:
            began = f"the source {look.source} has been looked at without a gap since"
            yield from _window(standing, gate, app, look.source, look.since, began)


def _window(standing: Standing, gate: Gate, app: str, source: str, since: datetime, began: str) -> Iterator[Reason]:
    what = "the server started" if standing.server_started > since else began
    observed = (standing.now - max(standing.server_started, since)).total_seconds()
    left = gate.rollback_window.seconds - observed
    if left > 0:
        sentence = f"{what} {ago(observed)}: the rollback window of {gate.rollback_window} begins there"
        yield Reason(Code.OBSERVATION_RESTARTED, sentence, app, source=source, seconds_left=left)


def _beating_since(seen: Iterable[Sighting], now: datetime, ttl: float) -> datetime:
    """Where the last gap in all beats ended: presences, the latest first, joined while they touch.

    What is known of gaps is each instance's first and last beat; one that an instance slept through and then went on
    is not known, and neither is when a standby was promoted, unless beats paused for longer than a beat is worth. An
    old instance that ran before such a gap is not forgotten by it: it is live, left or lost like any other.
    """
    since = now
    for sighting in sorted(seen, key=lambda sighting: sighting.last_seen, reverse=True):
        if (since - sighting.last_seen).total_seconds() > ttl:
            break
        since = min(since, sighting.first_seen)
    return since


def _evidence(standing: Standing, app: str, change: str) -> Iterator[Reason]:
    """Rule 2 asks for a live version that knows the change *now*; how long it has been so, _observation asks.

    Where an app is scaled to zero none lives; an operator's word for each old release is evidence then.
    """
    if not standing.speaks_for(app) and not standing.operator_speaks_for(app):
        live = any(seen.state is Presence.LIVE for seen in standing.of(app))
        known = f"no live version of {app} knows {change}" if live else f"no live version of {app} is known"
        yield Reason(Code.NO_EVIDENCE, f"{known}: silence is not evidence", app)


# --------------------------------------------------------------------------- 3: a release that may contract it


def _release(standing: Standing, gate: Gate, app: str, change: str, release: str) -> Iterator[Reason]:
    if not standing.release_registered:
        lacks = f"release {release} of {app} is not registered"
    elif not standing.release_holds:
        lacks = f"release {release} was built without {change}"
    elif standing.release_old:
        lacks = f"release {release} was registered before {standing.bound_to}, which {change} is bound to"
    elif release == standing.bound_to and not gate.same_release:
        sentence = f"{change} came with release {release}: a later release contracts it"
        yield Reason(Code.SAME_RELEASE, sentence, app, release)
        return
    else:
        return
    yield Reason(Code.RELEASE_LACKS_CHANGE, lacks, app, release)


# --------------------------------------------------------------------------- 4: other apps on this database


def _need(standing: Standing, gate: Gate, change: str, need: Need) -> Iterator[Reason]:
    asked = f"{change} needs {need.app} {need.version}"
    if not need.registered:
        yield Reason(Code.OTHER_APP, f"{asked}, which is not registered", need.app, need.version)
        return
    for seen in standing.of(need.app):
        if (seen.app, seen.version) in standing.in_the_way:
            for reason in in_the_way(seen, gate, f"{asked}, {seen.version} is older"):
                yield reason._replace(code=Code.OTHER_APP)
    if not standing.speaks_for(need.app):
        sentence = f"{asked}, and no live version of {need.app} is known that is not older: silence is not evidence"
        yield Reason(Code.OTHER_APP, sentence, need.app, need.version)


def _unnamed_apps(standing: Standing, change: str) -> Iterator[Reason]:
    named = {need.app for need in standing.needs}
    for other in standing.others:
        if other not in named:
            versions = ", ".join(sorted({seen.version for seen in standing.of(other)})) or "only registered"
            sentence = f"{other} uses this database too ({versions}), and {change} does not say what it needs of it"
            yield Reason(Code.OTHER_APP, sentence, other)
