"""What a change under way takes for granted: the settings that its names are read by, and the server's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from zdmigrate.errors import UsageError
from zdmigrate.ledger.ledger import one, timeline
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.events import Listener

# What texts of dates and intervals, and so a backfill's casts, depend on besides.
AS_BEGUN = ("TimeZone", "DateStyle", "IntervalStyle")
_SESSION = """
    SELECT pg_catalog.jsonb_build_object(
        'role', current_user, 'search_path', pg_catalog.current_setting('search_path'),
        'schemas', pg_catalog.to_jsonb(pg_catalog.current_schemas(false)),
        'TimeZone', pg_catalog.current_setting('TimeZone'), 'DateStyle', pg_catalog.current_setting('DateStyle'),
        'IntervalStyle', pg_catalog.current_setting('IntervalStyle'))
"""


def settings_begun_with(connection: Connection, app: str, change: str) -> dict[str, str]:
    """The settings that a change which has begun goes on with; empty before. Raises UsageError for another search_path.

    Whoever resumes it may log in as another role, with settings of its own: unqualified names would then be another
    schema's tables.
    """
    query = "SELECT session FROM zdmigrate.change WHERE app = %s AND id = %s AND state <> 'reverted'"
    row = connection.execute(query, [app, change]).fetchone()
    begun = row[0] if row else {}
    if not begun:
        return {}
    (now,) = one(connection, _SESSION)
    same = (now["role"], now["search_path"]) == (begun["role"], begun["search_path"])
    if not same and now["schemas"] != begun["schemas"]:
        raise UsageError(
            f"{change} was begun by {begun['role']} with search_path = {begun['search_path']}, and for {now['role']} "
            f"it is {now['search_path']}: names without a schema would be other tables",
            state="nothing was run by this command",
            hint=f'go on as {begun["role"]}, or with PGOPTIONS="-c search_path={begun["search_path"]}"',
        )
    return {name: begun[name] for name in AS_BEGUN}


def remember_settings(connection: Connection, app: str, change: str) -> None:
    """Keep the settings with which a change begins. In the transaction that begins it."""
    (now,) = one(connection, _SESSION)
    connection.execute("UPDATE zdmigrate.change SET session = %s WHERE app = %s AND id = %s", [Jsonb(now), app, change])


def note_promotion(connection: Connection, listener: Listener) -> None:
    """Say, and record, that the server has another history than at the last run: a standby was promoted, or a backup
    restored to a point in time. What the old one had not sent is lost, ledger and tables alike.
    """
    now = timeline(connection)
    (before,) = one(connection, "SELECT timeline FROM zdmigrate.ledger")
    if now == before:
        return
    connection.execute("UPDATE zdmigrate.ledger SET timeline = %s", [now])
    if before is not None:
        record(connection, "promotion", before=before, now=now)
        listener.note(
            f"this server was promoted, or restored, since the last run (timeline {before}, now {now}): what the old "
            f"one had not sent is lost; the ledger says what is here, and this run goes on from there"
        )
