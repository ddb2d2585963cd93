"""Whether this release may serve: the answer for a start-up probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sdk.session import call, connector, prepare

if TYPE_CHECKING:
    from zdmigrate.sdk.session import Connect


def ready(dsn: str | Connect, app: str, version: str) -> str:
    """``ready``, ``retired``, ``unknown release``, or ``waiting for CHANGE: expand`` (or ``backfill``).

    ``dsn`` is a connection string, or a function that opens a connection. Raises psycopg.Error where the database
    cannot say; a running instance then keeps the last answer, or one blip would take every instance out at once.
    """
    with connector(dsn, "ready")() as connection:
        prepare(connection)
        return str(call(connection, "SELECT zdmigrate.ready(%s, %s)", [app, version]))
