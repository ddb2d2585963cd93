"""Looks as they are stored: what a source that knows only the present said, and since when it was asked without a gap.

All times are the database's, and those of the question: what a source says was true at some moment after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.live.ages import ago
from zdmigrate.live.sighting import Presence, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from zdmigrate.config import Config, Gate
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import ConfiguredSource, Seen


class Look(NamedTuple):
    """How a source was looked at. ``since`` and ``last`` are None for one that has never answered."""

    source: str
    app: str
    since: datetime | None
    last: datetime | None
    age: float  # seconds since ``last``
    failure: str | None


# A promoted standby may lack what its primary had stored last, so that its looks begin anew: each promotion begins a
# new timeline, which is the first eight digits of a WAL file's name.
_SETTINGS = "%(settings)s || ' ' || left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)"

_BEGIN = f"""
INSERT INTO zdmigrate.look (source, app, settings) VALUES (%(source)s, %(app)s, {_SETTINGS})
ON CONFLICT (source, app) DO UPDATE SET source = excluded.source -- for its lock: one looker at a time
RETURNING last IS NULL OR last <= %(asked_at)s
"""

_SEEN = """
INSERT INTO zdmigrate.sighting AS s
    (source, app, version, instance, first_seen, last_seen, running, weight, note, memory)
SELECT %(source)s, %(app)s, version, instance, %(asked_at)s, %(asked_at)s, running, weight, note,
       pg_catalog.string_to_array(memory, E'\\n')
FROM unnest(%(versions)s::text[], %(instances)s::text[], %(running)s::boolean[], %(weights)s::float8[],
            %(notes)s::text[], %(memories)s::text[]) AS t(version, instance, running, weight, note, memory)
ON CONFLICT (source, app, version, instance) DO UPDATE
SET first_seen = CASE WHEN s.left_at IS NULL THEN least(s.first_seen, excluded.first_seen)
                      ELSE excluded.first_seen END,
    last_seen = greatest(s.last_seen, excluded.last_seen),
    running = excluded.running, weight = excluded.weight, note = excluded.note, memory = excluded.memory,
    left_at = NULL, left_why = NULL
-- What an operator retired, and what does not run, stays retired: that it could start was known then.
WHERE s.left_at IS NULL OR excluded.last_seen > s.left_at AND (excluded.running OR s.left_why IS NULL)
"""

_ABSENT = """
UPDATE zdmigrate.sighting SET left_at = %(asked_at)s
WHERE source = %(source)s AND app = %(app)s AND left_at IS NULL AND last_seen < %(asked_at)s
"""

_END = f"""
UPDATE zdmigrate.look
SET since = CASE WHEN settings = {_SETTINGS} AND %(asked_at)s - last <= pg_catalog.make_interval(secs => %(ttl)s)
                 THEN since ELSE %(asked_at)s END,
    last = %(asked_at)s, settings = {_SETTINGS}, failure = NULL
WHERE source = %(source)s AND app = %(app)s
"""

_FORGET = """
DELETE FROM zdmigrate.sighting
WHERE source = %(source)s AND app = %(app)s
  AND greatest(last_seen, left_at) < %(asked_at)s - pg_catalog.make_interval(secs => 2 * %(horizon)s)
"""


def store_look(
    connection: Connection, gate: Gate, source: ConfiguredSource, asked_at: datetime, seen: Sequence[Seen]
) -> None:
    """Keep what ``source`` said when it was asked at ``asked_at``.

    Of two lookers, the one that asked later says who is absent; what the other saw is kept all the same.
    """
    values = {
        "source": source.name,
        "app": source.app,
        "settings": source.settings,
        "asked_at": asked_at,
        "ttl": gate.heartbeat_ttl.seconds,
        "horizon": horizon(gate),
    }
    with connection.transaction():
        [(is_latest,)] = connection.execute(_BEGIN, values).fetchall()
        connection.execute(_SEEN, {**values, **_columns(seen)})
        if not is_latest:
            return
        if source.silence_means_absence:
            connection.execute(_ABSENT, values)
        connection.execute(_END, values)
        connection.execute(_FORGET, values)


def _columns(seen: Sequence[Seen]) -> dict[str, list[object]]:
    return {
        "versions": [one.version for one in seen],
        "instances": [one.instance for one in seen],
        "running": [one.running for one in seen],
        "weights": [one.weight for one in seen],
        "notes": [one.note for one in seen],
        "memories": ["\n".join(one.memory) for one in seen],
    }


def store_failure(connection: Connection, source: ConfiguredSource, failure: str) -> None:
    """Keep why ``source`` did not answer: until it does, the gate is shut."""
    connection.execute(
        "INSERT INTO zdmigrate.look AS l (source, app, settings, failure) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (source, app) DO UPDATE SET failure = excluded.failure",
        [source.name, source.app, source.settings, failure],
    )


def horizon(gate: Gate) -> float:
    """Seconds after which an instance that was seen last holds no gate."""
    return max(window.seconds for window in (gate.rollback_window, gate.lost_window, gate.heartbeat_ttl))


# --------------------------------------------------------------------------- reading


_LOOKS = """
SELECT since, last, extract(epoch FROM pg_catalog.clock_timestamp() - last)::float8, failure
FROM zdmigrate.look WHERE source = %s AND app = %s
"""

_SIGHTINGS = """
SELECT version, instance, first_seen, last_seen,
       extract(epoch FROM pg_catalog.clock_timestamp()
               - CASE WHEN left_at IS NOT NULL AND left_why IS NULL THEN left_at ELSE last_seen END)::float8,
       left_at IS NOT NULL, left_why, running, weight, note
FROM zdmigrate.sighting
WHERE source = %s AND app = %s
  AND (left_at IS NULL AND %s OR greatest(last_seen, left_at) > pg_catalog.clock_timestamp()
                                                                - pg_catalog.make_interval(secs => %s))
ORDER BY version, instance
"""


def read_look(connection: Connection, source: ConfiguredSource) -> Look:
    """How ``source`` was looked at so far."""
    row = connection.execute(_LOOKS, [source.name, source.app]).fetchone()
    since, last, age, failure = row or (None, None, 0.0, None)
    return Look(source.name, source.app, since, last, age or 0.0, failure)


def why_silent(look: Look, gate: Gate) -> str | None:
    """Why a source counts as silent: it did not answer, or it was not asked for longer than a beat is worth."""
    if look.failure is not None:
        return f"the source {look.source} does not answer: {look.failure}"
    if look.last is None:
        return f"the source {look.source} of {look.app} was never looked at"
    if look.age > gate.heartbeat_ttl.seconds:
        return f"the source {look.source} was looked at {ago(look.age)}, longer than {gate.heartbeat_ttl}"
    return None


def read_sightings(connection: Connection, config: Config, source: ConfiguredSource) -> list[Sighting]:
    """What ``source`` saw, as far as it may still matter to a gate; however long ago, where it was not looked at since.

    Where silence does not mean absence, an instance is live for as long as a beat is worth, and then lost.
    """
    named = [source.name, source.app, source.silence_means_absence, horizon(config.gate)]
    ttl = config.gate.heartbeat_ttl.seconds
    return [_sighting(source, ttl, *row) for row in connection.execute(_SIGHTINGS, named)]


def _sighting(
    source: ConfiguredSource,
    ttl: float,
    version: str,
    instance: str,
    first: datetime,
    last: datetime,
    age: float,
    left: bool,
    why: str | None,
    running: bool,
    weight: float | None,
    note: str | None,
) -> Sighting:
    absence = source.silence_means_absence
    here = Presence.LIVE if absence or age <= ttl else Presence.LOST
    state = Presence.LEFT if left else here
    why = "no longer there" if left and why is None else why
    return Sighting(
        source.app, version, instance, source.name, first, last, age, state, absence, why, running, weight, note
    )
