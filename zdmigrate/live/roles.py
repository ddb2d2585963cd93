"""The hard fence: each version of an app logs in with a role of its own, and a retired one can do so no longer.

Answers stop only what asks; a machine that stood still through the contract asks nothing before it writes. Without
LOGIN, and with its sessions ended, it cannot.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from zdmigrate.errors import DatabaseError, StepFailed
from zdmigrate.live.sources import sources_of
from zdmigrate.live.sources.postgres import Postgres

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection

PATIENCE = 10.0  # seconds for sessions to end once they were told to

# Only registered releases: a pattern such as shop_{version} may fit a role that is no version of anything.
_RETIRED = """
SELECT a.rolname, r.version, a.rolcanlogin
FROM pg_catalog.pg_roles AS a
JOIN zdmigrate.release AS r ON r.app = %(app)s
WHERE a.rolname = %(before)s || r.version || %(after)s AND zdmigrate.is_retired(r.app, r.version)
  AND NOT a.rolsuper AND a.rolname <> current_user AND a.rolname <> session_user
ORDER BY a.rolname
"""
_SESSIONS = "SELECT pid, usename FROM pg_catalog.pg_stat_activity WHERE usename = ANY (%s) ORDER BY pid"


def shut_out(connection: Connection, config: Config) -> None:
    """Take LOGIN from the roles of retired releases; belongs in the transaction that retires them.

    Raises DatabaseError where this role may not.
    """
    for role, may_login in retired_roles(connection, config).items():
        if not may_login:
            continue
        try:
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseError(
                f"the hard fence may not shut out {role}: {connection.info.user} may not alter that role",
                state="no version is retired, and nothing of the contract was run",
                hint=f"GRANT {role} TO {connection.info.user} WITH ADMIN OPTION, and CREATEROLE; "
                "or take hard_fence out of the configuration",
            ) from None


def end_sessions(connection: Connection, config: Config) -> tuple[str, ...]:
    """End the sessions of roles that were shut out; the roles. Belongs after the commit: a login that was under way
    when LOGIN was taken is seen only then.

    Raises StepFailed if one does not end: the fence stands, and the contract must not begin.
    """
    roles = [role for role, may_login in retired_roles(connection, config).items() if not may_login]
    deadline = time.monotonic() + PATIENCE
    while sessions := connection.execute(_SESSIONS, [roles]).fetchall():
        if time.monotonic() > deadline:
            raise _still_there(sessions)
        for pid, role in sessions:
            _terminate(connection, pid, role)
        time.sleep(0.02)
    return tuple(roles)


def retired_roles(connection: Connection, config: Config) -> dict[str, bool]:
    """The roles of retired releases behind a hard fence, and whether each may log in."""
    found: dict[str, bool] = {}
    for source in sources_of(config):
        if isinstance(source.source, Postgres) and source.source.fenced and source.source.role:
            before, _, after = source.source.role.text.partition("{version}")
            named = {"app": source.app, "before": before, "after": after}
            found |= {role: may_login for role, _, may_login in connection.execute(_RETIRED, named)}
    return found


def _terminate(connection: Connection, pid: int, role: str) -> None:
    try:
        connection.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [pid])
    except psycopg.errors.InsufficientPrivilege:
        raise StepFailed(
            f"{role} cannot log in any more, but its session {pid} may not be ended by {connection.info.user}",
            state="old versions are retired, and nothing of the contract was run",
            hint=f"GRANT pg_signal_backend TO {connection.info.user}, then run the same command again",
        ) from None


def _still_there(sessions: list[tuple[object, ...]]) -> StepFailed:
    told = ", ".join(f"{pid} ({role})" for pid, role in sessions[:3])
    return StepFailed(
        f"sessions of retired versions were told to end and have not: {told}",
        state="old versions are retired, and nothing of the contract was run",
        hint="run the same command again once they are gone",
    )
