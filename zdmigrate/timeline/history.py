"""The history of an app as the ledger has it: releases and when they lived, changes and their phases, verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.record import read_record
from zdmigrate.timeline.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.ledger.record import Entry
    from zdmigrate.timeline.marks import Mark


class Stretch(NamedTuple):
    """From one moment to another, both of the database's clock."""

    begin: datetime
    end: datetime


class Band(NamedTuple):
    """A release, or a version that was never registered (``registered`` is None), and when instances of it were seen.

    ``lived`` are stretches, the first one first; what an instance slept through and came back from is not known.
    """

    version: str
    registered: datetime | None
    lived: tuple[Stretch, ...]
    retired: bool


class Phase(NamedTuple):
    """A change between two states: ``name`` is the state that it was in; one that goes on has no end."""

    change: str
    name: str
    begin: datetime
    end: datetime | None


class History(NamedTuple):
    """Everything that a time line shows, from ``begin`` to ``end``, which is now."""

    app: str
    begin: datetime
    end: datetime
    bands: tuple[Band, ...]
    phases: tuple[Phase, ...]
    marks: tuple[Mark, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        """Changes in the order in which they began."""
        return tuple(dict.fromkeys(phase.change for phase in self.phases))


_SEEN = """
SELECT version, first_seen, last_seen FROM zdmigrate.instance WHERE app = %(app)s
UNION ALL
SELECT version, first_seen, last_seen FROM zdmigrate.sighting WHERE app = %(app)s AND running
ORDER BY 2, 3
"""
_RELEASES = """
SELECT version, registered_at, zdmigrate.is_retired(app, version) FROM zdmigrate.release WHERE app = %s
ORDER BY position
"""
STATES = ("expanding", "expanded", "contracting", "contracted", "reverting", "reverted")
OVER = ("contracted", "reverted")


def read_history(connection: Connection, app: str, last: float | None = None) -> History:
    """The history of ``app``, of the last so many seconds where that is given."""
    now, since = one(connection, "SELECT t, t - make_interval(secs => %s) FROM clock_timestamp() AS c(t)", [last])
    bands = _bands(connection, app)
    entries = read_record(connection, app)
    phases, marks = tuple(_phases(entries)), tuple(filter(None, map(mark_of, entries)))
    first = min(_moments(bands, phases, marks), default=now)
    begin = max(since, first) if since else first
    return History(
        app,
        begin,
        now,
        tuple(band for band in bands if band.registered or any(lived.end >= begin for lived in band.lived)),
        tuple(phase for phase in phases if phase.end is None or phase.end >= begin),
        tuple(mark for mark in marks if mark.at >= begin),
    )


def _moments(bands: Iterable[Band], phases: Iterable[Phase], marks: Iterable[Mark]) -> Iterator[datetime]:
    for band in bands:
        yield from (lived.begin for lived in band.lived)
        if band.registered:
            yield band.registered
    yield from (phase.begin for phase in phases)
    yield from (mark.at for mark in marks)


def _bands(connection: Connection, app: str) -> tuple[Band, ...]:
    seen: dict[str, list[Stretch]] = {}
    for version, begin, end in connection.execute(_SEEN, {"app": app}):
        seen.setdefault(version, []).append(Stretch(begin, end))
    releases = connection.execute(_RELEASES, [app]).fetchall()
    bands = [Band(version, at, _joined(seen.pop(version, [])), retired) for version, at, retired in releases]
    return (*bands, *(Band(version, None, _joined(lived), False) for version, lived in seen.items()))


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Stretches that touch are one. They come in the order of their beginnings."""
    joined: list[Stretch] = []
    for stretch in stretches:
        if joined and stretch.begin <= joined[-1].end:
            joined[-1] = Stretch(joined[-1].begin, max(joined[-1].end, stretch.end))
        else:
            joined.append(stretch)
    return tuple(joined)


def _phases(entries: Iterable[Entry]) -> Iterator[Phase]:
    """Each change's way through its states; in the last ones nothing goes on."""
    at: dict[str, tuple[str, datetime]] = {}
    for entry in entries:
        if entry.change is None or entry.action not in STATES:
            continue
        if entry.change in at:
            name, begin = at.pop(entry.change)
            yield Phase(entry.change, name, begin, entry.at)
        if entry.action not in OVER:
            at[entry.change] = (entry.action, entry.at)
    for change, (name, begin) in at.items():
        yield Phase(change, name, begin, None)


def as_json(history: History) -> dict[str, Any]:
    """The same, for scripts."""
    return {
        "version": 1,
        "app": history.app,
        "begin": history.begin.isoformat(),
        "end": history.end.isoformat(),
        "releases": [
            {
                "release": band.version,
                "registered": band.registered.isoformat() if band.registered else None,
                "lived": [[lived.begin.isoformat(), lived.end.isoformat()] for lived in band.lived],
                "retired": band.retired,
            }
            for band in history.bands
        ],
        "phases": [
            {**phase._asdict(), "begin": phase.begin.isoformat(), "end": phase.end.isoformat() if phase.end else None}
            for phase in history.phases
        ],
        "marks": [{**mark._asdict(), "at": mark.at.isoformat()} for mark in history.marks],
    }
