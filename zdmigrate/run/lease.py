"""The lease: who may write. Every connection that writes holds it itself, so none outlives its runner.

A lease is an advisory lock. Taking it means the exclusive lock, which nobody gets while a connection of an older
runner is left; each connection that works under it holds the same lock shared. The row in the ledger carries the
token that transactions lock, and says who holds it, for people to read.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg.types.json import Jsonb

import zdmigrate
from zdmigrate.errors import NotLocked, ZdmigrateError
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.ledger.connection import Connection

CLASS = 0x7A646D67  # 'zdmg': tells our advisory locks from the application's
GRACE = 3.0  # seconds that a killed runner's backends are given to notice
RENEWAL = 5.0  # seconds
STALE = 60.0  # seconds without renewal after which a runner counts as stopped
WATCHED = 1.5  # renewals that such a runner is watched for, lest it was the clock that jumped

DDL = "ddl"


def backfill_lease(app: str, change: str) -> str:
    """The lease's name for the backfill of one change, which is not the one for DDL: it may last for hours."""
    return f"backfill {app} {change}"


class BackfillElsewhere(NotLocked):
    """Another runner is at the backfill of this change; DDL of other changes may go on."""


class Lease:
    """A held lease: opens connections that hold it too, and locks its token in their transactions."""

    def __init__(self, dsn: str, name: str, token: int, keeper: Connection) -> None:
        self.dsn = dsn
        self.name = name
        self.token = token
        self.keeper = keeper
        self._ended = threading.Event()
        self._renewer = threading.Thread(target=self._renew, name=f"lease {name}", daemon=True)
        self._renewer.start()

    def connect(self, purpose: str) -> Connection:
        """A connection that holds the lease. Raises NotLocked if another runner has taken it over."""
        connection = connect(self.dsn, purpose=purpose)
        (shared,) = one(connection, "SELECT pg_catalog.pg_try_advisory_lock_shared(%s, %s)", _key(self.name))
        if not shared or not self._is_mine(connection):
            connection.close()
            raise lost(self.name)
        return connection

    def guard(self, connection: Connection) -> None:
        """Lock the token until the end of the connection's transaction. Raises NotLocked where it is not ours."""
        query = "SELECT 1 FROM zdmigrate.lease WHERE name = %s AND token = %s FOR KEY SHARE"
        if connection.execute(query, [self.name, self.token]).fetchone() is None:
            raise lost(self.name)

    def release(self) -> None:
        """Give the lease back; what happens to the keeper's connection no longer matters."""
        self._ended.set()
        self._renewer.join()
        try:
            self.keeper.execute(
                "UPDATE zdmigrate.lease SET holder = NULL WHERE name = %s AND token = %s", [self.name, self.token]
            )
        except psycopg.Error:  # the server ends the lock with the connection; the row is for people to read
            pass
        finally:
            self.keeper.close()

    def _is_mine(self, connection: Connection) -> bool:
        query = "SELECT 1 FROM zdmigrate.lease WHERE name = %s AND token = %s"
        return connection.execute(query, [self.name, self.token]).fetchone() is not None

    def _renew(self) -> None:
        query = "UPDATE zdmigrate.lease SET renewed_at = pg_catalog.clock_timestamp() WHERE name = %s AND token = %s"
        while not self._ended.wait(RENEWAL):
            try:
                self.keeper.execute(query, [self.name, self.token])
            except psycopg.Error:
                self._reconnect()

    def _reconnect(self) -> None:
        """A new keeper, or none until the next renewal: a runner that works on must not pass for a stopped one."""
        try:
            self.keeper = self.connect("lease")
        except (psycopg.Error, ZdmigrateError):
            return  # the working connection meets the same trouble, and says so

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextmanager
def take_lease(dsn: str, name: str, doing: str, *, patience: float = GRACE) -> Iterator[Lease]:
    """Hold a lease for the body. Raises NotLocked, saying who holds it and since when.

    A runner that was killed is given ``patience`` seconds to be noticed by the server; one that has not renewed for
    ``STALE`` seconds, and does not while it is watched, is stopped, and its backends are terminated.
    """
    keeper = connect(dsn, purpose="lease")
    try:
        _exclude(keeper, name, patience)
        token = _new_token(keeper, name, doing)
        keeper.execute("SELECT pg_catalog.pg_advisory_lock_shared(%s, %s)", _key(name))
        keeper.execute("SELECT pg_catalog.pg_advisory_unlock(%s, %s)", _key(name))
    except BaseException:
        keeper.close()
        raise
    with Lease(dsn, name, token, keeper) as lease:
        yield lease


def held_leases(connection: Connection) -> list[tuple[str, dict[str, Any], str]]:
    """Leases that a runner holds right now: name, holder, since when. A row alone may be of one that was killed."""
    held = connection.execute(
        "SELECT objid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s::oid"
        " AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
        [CLASS],
    ).fetchall()
    rows = connection.execute(
        "SELECT name, holder, pg_catalog.to_char(acquired_at, 'YYYY-MM-DD HH24:MI:SS TZ') FROM zdmigrate.lease"
        " WHERE holder IS NOT NULL ORDER BY name"
    ).fetchall()
    numbers = {number for (number,) in held}
    return [(name, holder, since) for name, holder, since in rows if _key(name)[1] % 2**32 in numbers]


def lost(name: str) -> NotLocked:
    """Another runner has the lease now."""
    return NotLocked(
        f"another runner has taken over the lease {name!r}",
        state="the step did not run; the other runner goes on from where this one was",
        hint="zdmigrate status",
    )


def _exclude(keeper: Connection, name: str, patience: float) -> None:
    """Get the exclusive advisory lock within so many seconds, or raise NotLocked."""
    deadline = time.monotonic() + patience
    silence: tuple[object, float] = (None, 0.0)
    while True:
        if one(keeper, "SELECT pg_catalog.pg_try_advisory_lock(%s, %s)", _key(name))[0]:
            return
        now, renewed = time.monotonic(), _renewed_too_long_ago(keeper, name)
        if renewed != silence[0]:
            silence = (renewed, now)
        watched = renewed is None or now - silence[1] > WATCHED * RENEWAL
        if watched and _terminate_stopped(keeper, name):
            deadline = now + GRACE
        elif watched and now > deadline:
            raise _held(keeper, name)
        time.sleep(0.1)


def _renewed_too_long_ago(keeper: Connection, name: str) -> object:
    """When a lease was renewed that seems to be a stopped runner's; else None.

    Only seems: a server's clock that is set ahead makes every runner look silent, until it renews.
    """
    query = (
        "SELECT renewed_at FROM zdmigrate.lease WHERE name = %s AND holder IS NOT NULL"
        " AND renewed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)"
    )
    row = keeper.execute(query, [name, STALE]).fetchone()
    return row[0] if row else None


def _terminate_stopped(keeper: Connection, name: str) -> bool:
    """End the backends of a runner that has stopped renewing; whether there were any that this role may end."""
    query = """
        SELECT pg_catalog.pg_terminate_backend(a.pid)
        FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid),
             zdmigrate.lease AS held
        WHERE l.locktype = 'advisory' AND l.classid = %s::bigint::oid AND l.objid = %s::bigint::oid AND l.objsubid = 2
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND l.granted AND a.pid <> pg_catalog.pg_backend_pid()
          AND held.name = %s AND held.holder IS NOT NULL
          AND held.renewed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)
          AND a.backend_start < held.renewed_at + pg_catalog.make_interval(secs => %s)
    """
    class_id, object_id = _key(name)
    # It connected until shortly after its last renewal; whoever takes over just now connected long after it.
    parameters: list[Any] = [class_id, object_id % 2**32, name, STALE, STALE / 2]
    try:
        ended = len(keeper.execute(query, parameters).fetchall())
    except psycopg.errors.InsufficientPrivilege:
        return False
    if ended:
        record(keeper, "takeover", lease=name, connections=ended)
    return bool(ended)


def _held(keeper: Connection, name: str) -> NotLocked:
    row = keeper.execute(
        "SELECT holder, acquired_at, pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - acquired_at),"
        " renewed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s)"
        " FROM zdmigrate.lease WHERE name = %s",
        [STALE, name],
    ).fetchone()
    holder, since, age, stopped = row if row and row[0] else ({}, None, None, False)
    who = f"{holder['user']}@{holder['host']}, process {holder['pid']}" if holder else "a runner that is just starting"
    doing = f", doing {holder['doing']}" if holder else ""
    when = f" since {since:%Y-%m-%d %H:%M:%S %Z} ({age})" if since else ""
    refusal = NotLocked if name == DDL else BackfillElsewhere
    if stopped:  # and ended, if this role could
        pids = _holding(keeper, name)
        return refusal(
            f"the runner that held the lease {name!r} stands still or is gone, and its sessions are still there: {who}"
            f"{doing}{when}; {keeper.info.user} may not end them",
            state="nothing was run by this command",
            hint="as a role that may: " + "; ".join(f"SELECT pg_terminate_backend({pid})" for pid in pids),
        )
    return refusal(
        f"another runner holds the lease {name!r}: {who}{doing}{when}",
        state="nothing was run by this command",
        hint="wait for it, or look at it with: zdmigrate status",
    )


def _holding(keeper: Connection, name: str) -> list[int]:
    class_id, object_id = _key(name)
    query = (
        "SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND classid = %s::bigint::oid"
        " AND objid = %s::bigint::oid AND objsubid = 2 AND granted"
        " AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
    )
    return sorted(pid for (pid,) in keeper.execute(query, [class_id, object_id % 2**32]))


def _new_token(keeper: Connection, name: str, doing: str) -> int:
    holder = {
        "user": keeper.info.user,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "zdmigrate": zdmigrate.__version__,
        "doing": doing,
    }
    query = """
        INSERT INTO zdmigrate.lease (name, token, holder, acquired_at, renewed_at)
        VALUES (%s, 1, %s, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())
        ON CONFLICT (name) DO UPDATE SET token = lease.token + 1, holder = excluded.holder,
            acquired_at = excluded.acquired_at, renewed_at = excluded.renewed_at
        RETURNING token
    """
    return int(one(keeper, query, [name, Jsonb(holder)])[0])


def _key(name: str) -> list[Any]:
    """The two signed 32-bit numbers of the advisory lock."""
    number = zlib.crc32(name.encode())
    return [CLASS, number - 2**32 if number >= 2**31 else number]
