"""Instances for a person: who is here, and taking out one that will not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import NotYet, UsageError
from zdmigrate.ledger.record import record
from zdmigrate.live.ages import ago
from zdmigrate.live.observe import observe
from zdmigrate.live.standing import sightings_of

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import Sighting


def list_instances(connection: Connection, config: Config) -> tuple[Sighting, ...]:
    """Every instance of the app that may still matter to a gate, by version and instance."""
    seen = sightings_of(connection, config, [config.app])
    return tuple(sorted(seen, key=lambda sighting: (sighting.version, sighting.instance, sighting.source)))


def retired_versions(connection: Connection, app: str, versions: set[str]) -> frozenset[str]:
    """Which of these versions a fence has retired: an instance of one that beats all the same is stale."""
    rows = connection.execute(
        "SELECT version FROM unnest(%s::text[]) AS v(version) WHERE zdmigrate.is_retired(%s, version)",
        [sorted(versions), app],
    )
    return frozenset(row[0] for row in rows)


def retire_lost(
    connection: Connection, config: Config, version: str, instance: str | None, why: str
) -> tuple[str, ...]:
    """Note that ``version`` (or one instance of it) is gone, for good reason; the instances that had not left.

    What does not run and could start counts as gone from then on, until it is seen to run. Raises NotYet while an
    instance runs, and UsageError where there is neither such a release nor such an instance.
    """
    if not why.strip():
        raise UsageError("a reason is needed", state="nothing was changed", hint='--reason "host was replaced"')
    observe(connection, config)
    named = {"app": config.app, "version": version, "instance": instance, "why": why}
    with connection.transaction():
        beats = connection.execute(_LOCK_BEATS, named).fetchall()
        seen = connection.execute(_LOCK_SIGHTINGS, named).fetchall()
        released = connection.execute(_GONE, named).rowcount if instance is None else 0
        _refuse_unknown(bool(beats or seen or released), config.app, version, instance)
        here = [(name, age, True) for name, left, age in beats if not left]
        here += [(name, age, running) for name, left, age, running in seen if not left]
        ttl = config.gate.heartbeat_ttl.seconds
        _refuse_running([(name, age) for name, age, running in here if running and age <= ttl], version)
        for statement in (_RETIRE_BEATS, _RETIRE_SIGHTINGS):
            connection.execute(statement, named)
        names = tuple(name for name, _, _ in here)
        if names or released:
            record(connection, "retire", app=config.app, version=version, instances=list(names), why=why)
    return names


_OF_THESE = "app = %(app)s AND version = %(version)s AND (%(instance)s::text IS NULL OR instance = %(instance)s)"
_AGE = "extract(epoch FROM pg_catalog.clock_timestamp() - last_seen)::float8"
_LOCK_BEATS = (
    f"SELECT instance, left_at IS NOT NULL, {_AGE} FROM zdmigrate.instance WHERE {_OF_THESE} ORDER BY 1 FOR UPDATE"
)
_LOCK_SIGHTINGS = (
    f"SELECT instance, left_at IS NOT NULL, {_AGE}, running FROM zdmigrate.sighting WHERE {_OF_THESE}"
    " ORDER BY source, 1 FOR UPDATE"
)
_LEFT = f"SET left_at = pg_catalog.clock_timestamp(), left_why = %(why)s WHERE {_OF_THESE} AND left_at IS NULL"
_RETIRE_BEATS = f"UPDATE zdmigrate.instance {_LEFT}"
_RETIRE_SIGHTINGS = f"UPDATE zdmigrate.sighting {_LEFT}"
_GONE = (
    "UPDATE zdmigrate.release SET gone_at = pg_catalog.clock_timestamp() WHERE app = %(app)s AND version = %(version)s"
)


def _refuse_unknown(known: bool, app: str, version: str, instance: str | None) -> None:
    if not known:
        what = f"instance {instance} of {app} {version}" if instance else f"instance of {app} {version}"
        raise UsageError(f"no {what} was ever seen", state="nothing was changed", hint="zdmigrate live list")


def _refuse_running(running: list[tuple[str, float]], version: str) -> None:
    if running:
        name, age = running[0]
        raise NotYet(
            f"{version} is not gone: {name} was seen {ago(age)}"
            + (f", and {len(running) - 1} more were" if len(running) > 1 else ""),
            state="nothing was changed",
            hint="stop it: a goodbye needs no retirement; if it is dead already, try again once it counts as lost",
        )
