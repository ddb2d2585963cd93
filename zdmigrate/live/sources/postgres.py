"""The server's own list of connections: a version is told by ``application_name``, or by the role that is logged in.

It needs no change in an app beyond its connection string. A pool without work may close all its connections, so that
their absence proves nothing, unless a hard fence keeps the role of a version out (live/roles.py).

Behind a transaction pooler the list proves nothing at all: a client without a transaction is not in it, and a backend
keeps the name of whoever it was lent to last [measured with pgbouncer]. No setting tells; but a backend that changes
its version between two looks was lent to two clients, and that is remembered and refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from zdmigrate.errors import ConfigError
from zdmigrate.live.patterns import Pattern
from zdmigrate.live.secrets import variable
from zdmigrate.live.sighting import Seen, SourceSilent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.settings import Settings

# Without pg_read_all_stats the times and addresses of other roles' sessions are NULL, and so is backend_type.
_SESSIONS = """
SELECT pid, application_name, usename, extract(epoch FROM backend_start)::text,
       coalesce(pg_catalog.host(client_addr), 'local')
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
ORDER BY pid
"""
_MEMORY = "SELECT version, memory FROM zdmigrate.sighting WHERE source = %s AND app = %s"


class Session(NamedTuple):
    """A connection of an app: its backend (number and start, for numbers are used again), version and host."""

    backend: str
    version: str
    host: str


@dataclass(frozen=True, slots=True)
class Postgres:
    """Sessions of this database whose application_name, or role, fits one of the patterns."""

    names: tuple[Pattern, ...]
    role: Pattern | None
    source: str  # the name and the app that its looks are stored under
    app: str
    app_dsn: str  # the variable that holds the connection string of the app
    fenced: bool  # the roles of retired versions lose LOGIN (live/roles.py)
    silence_means_absence: bool

    def look(self, connection: Connection) -> list[Seen]:
        if self.app_dsn:
            _refuse_pooler(variable(self.app_dsn, "the app's connection string"))
        sessions = list(self._sessions(connection))
        self._refuse_lent(connection, sessions)
        return list(_by_host(sessions))

    def _sessions(self, connection: Connection) -> Iterator[Session]:
        for pid, name, role, begun, address in connection.execute(_SESSIONS).fetchall():
            found = self._read(name or "", role or "")
            if found is None:
                continue
            if begun is None:
                raise SourceSilent(
                    f"the sessions of {role} are hidden from {connection.info.user}: "
                    f"GRANT pg_read_all_stats TO {connection.info.user}"
                )
            version, host = found
            yield Session(f"{pid}/{begun}", version, host or address)

    def _read(self, name: str, role: str) -> tuple[str, str | None] | None:
        """Version and host of a session; None for one that is none of the app's."""
        for pattern in self.names:
            if found := pattern.read(name):
                return found
        return self.role.read(role) if self.role else None

    def _refuse_lent(self, connection: Connection, sessions: Iterable[Session]) -> None:
        rows = connection.execute(_MEMORY, [self.source, self.app]).fetchall()
        before = {backend: version for version, memory in rows for backend in memory}
        for session in sessions:
            was = before.get(session.backend, session.version)
            if was != session.version:
                raise SourceSilent(
                    f"backend {session.backend.partition('/')[0]} was {was}'s and is {session.version}'s: "
                    "a pooler lends it to several clients, so that it says nothing of who runs"
                )


def _by_host(sessions: Iterable[Session]) -> Iterator[Seen]:
    """One instance a version and host, however many connections its pool has."""
    pools: dict[tuple[str, str], list[str]] = {}
    for session in sessions:
        pools.setdefault((session.version, session.host), []).append(session.backend)
    for (version, host), backends in pools.items():
        yield Seen(version, host, note=f"{len(backends)} connections", memory=tuple(backends))


def _refuse_pooler(dsn: str) -> None:
    """Raise SourceSilent where the app's own way leads through a pooler, which tells a number that is no backend's."""
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5, prepare_threshold=None) as app:
            row = app.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
            told = app.info.backend_pid
    except psycopg.OperationalError as error:
        raise SourceSilent(f"the app's own way to the database: {error}") from None
    except psycopg.ProgrammingError:  # libpq shows what it cannot read, which may be half a password
        raise SourceSilent("the app's connection string cannot be read") from None
    if row is None or row[0] != told:
        raise SourceSilent("the app connects through a pooler: the list of connections does not show who runs")


def make(settings: Settings) -> Postgres:
    """``application_name`` (one pattern or several), ``role`` (a pattern), ``hard_fence``, ``app_dsn`` (a variable)."""
    names = tuple(Pattern.of(text, settings) for text in settings.texts("application_name", ()))
    role = Pattern.of(settings.text("role"), settings) if "role" in settings else None
    fenced = settings.flag("hard_fence", False)
    if not names and role is None:
        raise settings.error("application_name", 'a pattern such as "web/{version}", or role = "shop_{version}"')
    if fenced and (role is None or "{host}" in role.text):
        raise ConfigError(
            f"{settings.where}: a hard fence keeps roles out, and no role with nothing but {{version}} in it is named",
            hint='role = "shop_{version}", with a role for each version of the app',
        )
    return Postgres(
        names=names,
        role=role,
        source=settings.text("name", "postgres"),
        app=settings.text("app", settings.config.app),
        app_dsn=settings.text("app_dsn", ""),
        fenced=fenced,
        silence_means_absence=fenced and not names,
    )
