"""The gate: whether the contract of a change may start now (docs/gate.md)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from zdmigrate.live.ages import ago
from zdmigrate.live.sighting import Presence
from zdmigrate.live.sources import sources_of
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

    Writes nothing and takes no lock. ``extra`` are reasons of the caller's own (the runner's preflight).
    """
    standing = look_around(connection, sources_of(config), app, change, release, config.apps_ignored)
    reasons = (*_judge(standing, config.gate, app, change, release), *extra)
    return Verdict(app, change, release, not reasons, reasons, standing.not_fenced, standing.now)


def _judge(standing: Standing, gate: Gate, app: str, change: str, release: str) -> Iterator[Reason]:
    return chain(
        _release(standing, gate, app, change, release),
        _old_versions(standing, gate, app, change),
        _observation(standing, gate, app),
        _evidence(standing, app, change),
        *(_need(standing, gate, change, need) for need in standing.needs),
        _unnamed_apps(standing, change),
        _silent_sources(standing),
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
        yield Reason(Code.OLD_VERSION_LIVE, f"{why}, and {seen.instance} runs it (last beat {ago(seen.age)})", *told)
    elif seen.state is Presence.LOST and lost > 0:
        sentence = f"{why}, and {seen.instance} fell silent {ago(seen.age)} without a goodbye: it may still run"
        yield Reason(Code.INSTANCE_LOST, sentence, *told, max(lost, rollback))
    elif rollback > 0:
        sentence = f"{why}, and was seen {ago(seen.age)}: within the rollback window of {gate.rollback_window}"
        yield Reason(Code.OLD_VERSION_SEEN_LATELY, sentence, *told, rollback)


def _silent_sources(standing: Standing) -> Iterator[Reason]:
    for source, said in standing.silent:
        yield Reason(Code.SOURCE_SILENT, f"the source {source} does not answer: {said}", source=source)


# --------------------------------------------------------------------------- 1, 2: silence is not evidence


def _observation(standing: Standing, gate: Gate, app: str) -> Iterator[Reason]:
    """A window counts only while somebody looked: since the server started, and since the last gap in all beats.

    What is known of gaps is each instance's first and last beat; one that an instance slept through and then went
    on is not known, and neither is when a standby was promoted, unless beats paused for longer than a beat is worth.
    An old instance that ran before such a gap is not forgotten by it: it is live, left or lost like any other.
    """
    if not standing.speaks_for(app):
        return  # no-evidence says more
    beating_since = _beating_since(standing.of(app), standing.now, gate.heartbeat_ttl.seconds)
    what = "the server started" if standing.server_started > beating_since else "the first beat after a gap came"
    observed = (standing.now - max(standing.server_started, beating_since)).total_seconds()
    left = gate.rollback_window.seconds - observed
    if left > 0:
        sentence = f"{what} {ago(observed)}: the rollback window of {gate.rollback_window} begins there"
        yield Reason(Code.OBSERVATION_RESTARTED, sentence, app, seconds_left=left)


def _beating_since(seen: Iterable[Sighting], now: datetime, ttl: float) -> datetime:
    """Where the last gap in all beats ended: presences, the latest first, joined while they touch."""
    since = now
    for sighting in sorted(seen, key=lambda sighting: sighting.last_seen, reverse=True):
        if (since - sighting.last_seen).total_seconds() > ttl:
            break
        since = min(since, sighting.first_seen)
    return since


def _evidence(standing: Standing, app: str, change: str) -> Iterator[Reason]:
    """Rule 2 asks for a live version that knows the change *now*; how long it has been so, _observation asks."""
    if not standing.speaks_for(app):
        beating = any(seen.state is Presence.LIVE for seen in standing.of(app))
        known = f"no live version of {app} knows {change}" if beating else f"no live version of {app} is known"
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
