"""Instances for a person: who is here, and taking out one that will not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import NotYet, UsageError
from zdmigrate.ledger.record import record
from zdmigrate.live.ages import ago
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
    """Note that the silent instances of ``version`` (or one of them) are gone, for good reason; their names.

    Raises NotYet while one of them beats, and UsageError where nothing was ever seen of them.
    """
    if not why.strip():
        raise UsageError("a reason is needed", state="nothing was changed", hint='--reason "host was replaced"')
    with connection.transaction():
        rows = connection.execute(
            "SELECT instance, left_at IS NOT NULL,"
            " extract(epoch FROM pg_catalog.clock_timestamp() - last_seen)::float8 FROM zdmigrate.instance"
            " WHERE app = %(app)s AND version = %(version)s AND (%(instance)s::text IS NULL OR instance = %(instance)s)"
            " ORDER BY instance FOR UPDATE",
            {"app": config.app, "version": version, "instance": instance},
        ).fetchall()
        _refuse_unknown(bool(rows), config.app, version, instance)
        here = [(name, age) for name, left, age in rows if not left]
        _refuse_beating([(name, age) for name, age in here if age <= config.gate.heartbeat_ttl.seconds], version)
        names = tuple(name for name, _ in here)
        connection.execute(
            "UPDATE zdmigrate.instance SET left_at = pg_catalog.clock_timestamp(), left_why = %s"
            " WHERE app = %s AND version = %s AND instance = ANY (%s)",
            [why, config.app, version, list(names)],
        )
        if names:
            record(connection, "retire", app=config.app, version=version, instances=list(names), why=why)
    return names


def _refuse_unknown(seen: bool, app: str, version: str, instance: str | None) -> None:
    if not seen:
        what = f"instance {instance} of {app} {version}" if instance else f"instance of {app} {version}"
        raise UsageError(f"no {what} was ever seen", state="nothing was changed", hint="zdmigrate live list")


def _refuse_beating(beating: list[tuple[str, float]], version: str) -> None:
    if beating:
        name, age = beating[0]
        raise NotYet(
            f"{version} is not gone: {name} beat {ago(age)}"
            + (f", and {len(beating) - 1} more do" if len(beating) > 1 else ""),
            state="nothing was changed",
            hint="stop it: a goodbye needs no retirement; if it is dead already, try again once it counts as lost",
        )
