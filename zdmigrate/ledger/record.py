"""The append-only record: who did what, when, from where, and with which version of the program."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

import zdmigrate

if TYPE_CHECKING:
    from datetime import datetime

    from zdmigrate.ledger.connection import Connection


class Entry(NamedTuple):
    """One line of the record. ``address`` is where the connection came from, None for a local socket.

    ``program`` is zdmigrate's version, empty where an older ledger did not keep it. What ``detail`` holds, by action:

    - ``step``, written in the step's own transaction: ``phase``, ``step`` (from 1), ``of``, ``place`` (path:line)
    - ``took``, written after it: ``phase``, ``step``, ``seconds``, ``tries``; where it took a lock that others wait
      for, ``waited`` and ``held`` in seconds, and ``locks``, modes by relation; ``rows`` of a backfill
    - ``failed`` and ``no lock``: ``phase``, ``step``, ``why``
    - ``gate shut``, once for each time that its answer is another: ``release``, ``codes``, ``versions`` in the way
    - ``guard``: ``release``, ``well``, ``breaches``, ``seconds``, ``does`` (what is done about it)
    - ``guard baseline``: ``measured`` by guard, before the rollout of ``release``, or before the change's expand
    - a change's states, ``resumed``, ``init``, ``upgrade``, ``adopt``, ``baseline``, ``release``, ``bind``,
      ``retire``, ``force``, ``contract changed``, ``takeover``, ``promotion``, ``alembic``: what was asked for, and why
    """

    id: int
    at: datetime
    actor: str
    action: str
    app: str | None
    change: str | None
    detail: dict[str, Any]
    address: str | None
    program: str


def record(
    connection: Connection, action: str, *, app: str | None = None, change: str | None = None, **detail: Any
) -> None:
    """Append an entry. Part of the caller's transaction where one is open."""
    connection.execute(
        "INSERT INTO zdmigrate.event (actor, action, app, change, detail, program) VALUES (%s, %s, %s, %s, %s, %s)",
        [actor(connection), action, app, change, Jsonb(detail), zdmigrate.__version__],
    )


def read_record(connection: Connection, app: str, *, change: str | None = None, after: int = 0) -> list[Entry]:
    """Entries of ``app``, and those of the database as a whole, oldest first; of one change where it is named."""
    query = """
        SELECT id, at, actor, action, app, change, detail, pg_catalog.host(address), program FROM zdmigrate.event
        WHERE id > %s AND (app IS NULL OR app = %s) AND (%s::text IS NULL OR change = %s) ORDER BY id
    """
    return [Entry(*row) for row in connection.execute(query, [after, app, change, change])]


def actor(connection: Connection) -> str:
    """Who acts: the operating system's user and host, and the database role."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a passwd entry
        user = "unknown"
    return f"{user}@{socket.gethostname()} as {connection.info.user}"
