"""Hot standbys: a lock that excludes readers is replayed there, whoever reads; the primary cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.ledger import one
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan

# A physical standby streams without a logical slot; pg_basebackup is in state 'backup'. Other roles' rows show
# their application_name and little else.
_STANDBYS = """
    SELECT coalesce(nullif(r.application_name, ''), 'unnamed') FROM pg_catalog.pg_stat_replication AS r
    WHERE coalesce(r.state, 'streaming') <> 'backup'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s
                      WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
"""


def standbys(connection: Connection) -> list[str]:
    """The physical standbys that stream from this server, by application_name."""
    return [name for (name,) in connection.execute(_STANDBYS)]


def refuse_unnamed_standbys(connection: Connection, config: Config, plans: Iterable[Plan]) -> None:
    """Raise DatabaseError where a step excludes readers and a standby is there that nobody has spoken for."""
    excludes = any(step.strongest == LockMode.ACCESS_EXCLUSIVE or step.unknown for plan in plans for step in plan.steps)
    if not excludes or config.replicas:
        return
    found = standbys(connection)
    if found:
        raise DatabaseError(
            f"standbys stream from this server ({', '.join(found)}): ACCESS EXCLUSIVE is replayed there, where its "
            f"readers queue for up to max_standby_streaming_delay, and the primary cannot see them",
            state="nothing was run by this command",
            hint='set replicas = ["host=standby1 …"] to have them looked at, or replicas = "no-readers"',
        )


def refuse_standby(connection: Connection) -> None:
    """Raise DatabaseError where the server is itself a standby, and takes no writes."""
    if one(connection, "SELECT pg_catalog.pg_is_in_recovery()")[0]:
        raise DatabaseError(
            f"{connection.info.host}:{connection.info.port} is a standby, and takes no writes",
            state="nothing was changed",
            hint="connect to the primary, for instance with target_session_attrs=read-write",
        )
