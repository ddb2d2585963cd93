"""What the gate looks at: the change, its releases, and everybody who was seen lately. No judgement yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.live.looks import read_look, read_sightings
from zdmigrate.live.sighting import Presence
from zdmigrate.live.sources import HEARTBEAT, sources_of
from zdmigrate.live.sources.heartbeat import read_beats

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.looks import Look
    from zdmigrate.live.sighting import Sighting


class Need(NamedTuple):
    """A release of another app that a change needs, and whether it is registered."""

    app: str
    version: str
    registered: bool


class Standing(NamedTuple):
    """Everything that the gate judges one change by, as read at ``now`` (the database's clock)."""

    now: datetime
    server_started: datetime
    bound_to: str | None
    release_registered: bool
    release_holds: bool
    release_old: bool
    sightings: tuple[Sighting, ...]  # of every app that the gate asks about
    in_the_way: frozenset[tuple[str, str]]  # (app, version): old for the change, or older than what it needs
    retired: frozenset[tuple[str, str]]
    others: tuple[str, ...]  # other apps with a live or registered version on this database
    needs: tuple[Need, ...]
    looks: tuple[Look, ...]  # at the sources that know only the present
    not_fenced: tuple[str, ...]
    gone_since: datetime | None  # when an operator said of the last old release that nothing of it is left

    def of(self, app: str) -> list[Sighting]:
        return [sighting for sighting in self.sightings if sighting.app == app]

    def beats_of(self, app: str) -> list[Sighting]:
        return [sighting for sighting in self.of(app) if sighting.source == HEARTBEAT]

    def watched(self, app: str) -> tuple[str, ...]:
        """The change's own app, and those that it needs something of."""
        return tuple(dict.fromkeys((app, *(need.app for need in self.needs))))

    def operator_speaks_for(self, app: str) -> bool:
        """Whether nothing of ``app`` runs, or could start, and an operator has said so of every old release."""
        live = any(seen.state is Presence.LIVE for seen in self.of(app))
        return self.gone_since is not None and not live

    def speaks_for(self, app: str) -> bool:
        """Whether a live version of ``app`` is known that is neither in the way nor retired."""
        return any(
            (app, seen.version) not in self.in_the_way | self.retired
            for seen in self.of(app)
            if seen.state is Presence.LIVE
        )


_CHANGE = """
SELECT pg_catalog.clock_timestamp(), pg_catalog.pg_postmaster_start_time(),
       (SELECT bound_to FROM zdmigrate.change WHERE app = %(app)s AND id = %(change)s),
       r.version IS NOT NULL, coalesce(%(change)s = ANY (r.changes), false),
       zdmigrate.is_old_for(%(app)s, %(release)s, %(change)s)
FROM (SELECT 1) AS always
LEFT JOIN zdmigrate.release AS r ON r.app = %(app)s AND r.version = %(release)s
"""

_OTHERS = """
SELECT app FROM zdmigrate.release WHERE app <> %(app)s
UNION SELECT app FROM zdmigrate.instance WHERE app <> %(app)s
UNION SELECT app FROM zdmigrate.sighting WHERE app <> %(app)s ORDER BY app
"""

_IN_THE_WAY = """
SELECT v.app, v.version, zdmigrate.is_retired(v.app, v.version),
       v.app = %(app)s AND zdmigrate.is_old_for(%(app)s, v.version, %(change)s)
       OR EXISTS (SELECT FROM zdmigrate.need AS n
                  LEFT JOIN zdmigrate.release AS r ON r.app = v.app AND r.version = v.version
                  WHERE n.app = %(app)s AND n.change = %(change)s AND n.other = v.app
                    AND (r.position >= n.minimum) IS NOT TRUE)
FROM unnest(%(apps)s::text[], %(versions)s::text[]) AS v(app, version)
"""

# Of every release that is old and not kept out yet, an operator has said so, and nobody has seen it since.
_GONE = """
SELECT CASE WHEN bool_and(r.gone_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM zdmigrate.instance AS i
                WHERE i.app = r.app AND i.version = r.version AND i.last_seen > r.gone_at)
            AND NOT EXISTS (
                SELECT FROM zdmigrate.sighting AS s
                WHERE s.app = r.app AND s.version = r.version AND s.running AND s.last_seen > r.gone_at))
       THEN max(r.gone_at) END
FROM zdmigrate.release AS r
WHERE r.app = %(app)s AND zdmigrate.is_old_for(r.app, r.version, %(change)s)
  AND NOT zdmigrate.is_retired(r.app, r.version)
"""

_NOT_FENCED = """
SELECT version FROM zdmigrate.release AS r
WHERE app = %(app)s AND zdmigrate.is_old_for(app, version, %(change)s)
  AND NOT EXISTS (SELECT FROM zdmigrate.instance AS i WHERE i.app = r.app AND i.version = r.version)
ORDER BY position DESC
"""


def look_around(connection: Connection, config: Config, app: str, change: str, release: str) -> Standing:
    """Read what the gate needs to know; what sources outside of the ledger know, from their stored looks.

    These are several statements, each with a snapshot of its own: only inside the fence, where no beat can come in
    between, are they the truth of one moment.
    """
    named, ignored = {"app": app, "change": change, "release": release}, set(config.apps_ignored)
    others = [row[0] for row in connection.execute(_OTHERS, named)]
    rows = connection.execute(
        "SELECT other, version, minimum IS NOT NULL FROM zdmigrate.need WHERE app = %(app)s AND change = %(change)s",
        named,
    )
    needs = tuple(Need(*row) for row in rows if row[0] not in ignored)
    asked = sorted({app, *(need.app for need in needs), *others} - (ignored - {app}))
    sightings = sightings_of(connection, config, asked)
    in_the_way, retired = _standing_of(connection, named, sightings)
    [(now, started, bound_to, registered, holds, old)] = connection.execute(_CHANGE, named).fetchall()
    return Standing(
        now=now,
        server_started=started,
        bound_to=bound_to,
        release_registered=registered,
        release_holds=holds,
        release_old=old,
        sightings=tuple(sightings),
        in_the_way=in_the_way,
        retired=retired,
        others=tuple(other for other in others if other not in ignored),
        needs=needs,
        looks=tuple(read_look(connection, source) for source in sources_of(config) if source.app in asked),
        not_fenced=tuple(row[0] for row in connection.execute(_NOT_FENCED, named)),
        gone_since=_gone_since(connection, named),
    )


def _gone_since(connection: Connection, named: dict[str, str]) -> datetime | None:
    [(since,)] = connection.execute(_GONE, named).fetchall()
    found: datetime | None = since
    return found


def sightings_of(connection: Connection, config: Config, apps: Iterable[str]) -> list[Sighting]:
    """Every instance of these apps that may still matter to a gate, whoever told of it."""
    asked = tuple(apps)
    seen = [sighting for app in asked for sighting in read_beats(connection, config.gate, app)]
    for source in sources_of(config):
        if source.app in asked:
            seen += read_sightings(connection, config, source)
    return seen


def _standing_of(
    connection: Connection, named: dict[str, str], sightings: list[Sighting]
) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Which of the versions seen are in the way of the change, and which are retired already."""
    versions = sorted({(sighting.app, sighting.version) for sighting in sightings})
    columns = {"apps": [app for app, _ in versions], "versions": [version for _, version in versions]}
    rows = connection.execute(_IN_THE_WAY, {**named, **columns}).fetchall()
    in_the_way = frozenset((app, version) for app, version, _, blocks in rows if blocks)
    return in_the_way, frozenset((app, version) for app, version, retired, _ in rows if retired)
