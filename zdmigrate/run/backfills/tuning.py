"""What a person changes of a backfill while it runs, from another terminal, through the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from zdmigrate.config_keys import read_key
from zdmigrate.errors import Interrupted, UsageError
from zdmigrate.ledger.record import actor, record
from zdmigrate.run.lease import backfill_lease, held_leases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.config import Backfill as Settings
    from zdmigrate.ledger.connection import Connection


class Tuning(NamedTuple):
    """Settings by their configuration keys as text; why it is paused; which run shall stop, and who said so."""

    settings: Mapping[str, str]
    paused: str = ""
    stop_token: int = 0
    stopped: str = ""

    def applied(self, settings: Settings) -> Settings:
        """The settings with what was changed."""
        read = {key: read_key(key, text, "the ledger") for key, text in self.settings.items()}
        return settings.changed(**{key.partition(".")[2]: value for key, value in read.items()})


def read_tuning(connection: Connection, app: str, change: str) -> Tuning:
    """What was changed for a change's backfills."""
    row = connection.execute(
        "SELECT settings, coalesce(paused, ''), stop_token, coalesce(stopped, '') FROM zdmigrate.backfill_tuning"
        " WHERE app = %s AND change = %s",
        [app, change],
    ).fetchone()
    return Tuning(*row) if row else Tuning({})


def tune(
    connection: Connection, app: str, change: str, settings: Mapping[str, str], *, paused: bool | None, stop: bool
) -> Tuning:
    """Change settings, pause or resume, stop the run that is under way; UsageError where there is none to stop."""
    with connection.transaction():
        before = read_tuning(connection, app, change)
        who = actor(connection)
        after = before._replace(settings={**before.settings, **settings})
        if paused is not None:
            after = after._replace(paused=who if paused else "")
        if stop:
            after = after._replace(stop_token=_running(connection, app, change), stopped=who)
        connection.execute(
            "INSERT INTO zdmigrate.backfill_tuning (app, change, settings, paused, stop_token, stopped)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (app, change) DO UPDATE SET settings = excluded.settings,"
            " paused = excluded.paused, stop_token = excluded.stop_token, stopped = excluded.stopped",
            [app, change, Jsonb(after.settings), after.paused or None, after.stop_token, after.stopped or None],
        )
        asked: dict[str, Any] = {**settings, **({} if paused is None else {"paused": paused})}
        record(connection, "tune", app=app, change=change, **asked, **({"stop": True} if stop else {}))
    return after


def stopped(change: str, tuning: Tuning) -> Interrupted:
    """A person has stopped the run."""
    return Interrupted(
        f"the backfill of {change} was stopped by {tuning.stopped}",
        state="every batch that was committed stands",
        hint="zdmigrate apply --phase backfill goes on from there",
    )


def _running(connection: Connection, app: str, change: str) -> int:
    name = backfill_lease(app, change)
    held = {lease for lease, *_ in held_leases(connection)}
    row = connection.execute("SELECT token FROM zdmigrate.lease WHERE name = %s", [name]).fetchone()
    if row is None or name not in held:
        raise UsageError(f"no backfill of {change} is running", state="nothing was changed", hint="zdmigrate status")
    return int(row[0])
