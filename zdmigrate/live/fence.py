"""The fence: the gate's last check and the mark "old versions are retired", in one transaction that excludes beats.

A beat of an old version comes either before it, and the gate refuses, or after it, and is answered ``retired``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg

from zdmigrate.ledger.changes import move
from zdmigrate.ledger.connection import FROZEN
from zdmigrate.ledger.record import record
from zdmigrate.ledger.states import State
from zdmigrate.live.gate import ask_gate
from zdmigrate.live.observe import observe
from zdmigrate.live.roles import end_sessions, shut_out
from zdmigrate.live.shut import note_shut
from zdmigrate.live.verdict import Code, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection

# pg_advisory_xact_lock(class, object): beats take it shared (ledger/functions.sql), the fence exclusively.
FENCE_KEY = (2053401961, 1)

# A waiting fence makes beats queue behind it, so it waits no longer than any query of an app may be made to wait,
# lets them pass, and asks again; for about this long in all.
PATIENCE = 2.0


def close_fence(
    connection: Connection,
    config: Config,
    app: str,
    change: str,
    release: str,
    *,
    forced_why: str | None = None,
    extra_check: Callable[[], Iterable[Reason]] | None = None,
) -> Verdict:
    """Retire what is old for ``change`` and let its contract begin, if the gate is open; else write nothing.

    ``extra_check`` is the runner's preflight, called once, before beats are held up. Otherwise as close_fences.
    """
    extra = tuple(extra_check()) if extra_check else ()
    [verdict] = close_fences(connection, config, app, {change: extra}, release, forced_why=forced_why)
    return verdict


def close_fences(
    connection: Connection,
    config: Config,
    app: str,
    changes: Mapping[str, tuple[Reason, ...]],
    release: str,
    *,
    forced_why: str | None = None,
) -> tuple[Verdict, ...]:
    """Let the contracts of ``changes`` begin, each with what the runner's preflight says of it: all of them or none.

    ``connection`` must be in autocommit and outside of a transaction. ``forced_why`` passes over what the gate
    says, never over the preflight nor over a beat in progress. The changes are ``contracting`` once every verdict is
    open. Raises UsageError where one is in no state to be contracted.
    """
    asked = _Asked(connection, config, app, changes, release, forced_why)
    observe(connection, config)  # after the preflight, which may take longer than a look is worth
    verdicts = _decide(asked)
    if not _all_open(verdicts):
        note_shut(connection, verdicts)
        return verdicts
    for _ in range(max(1, round(PATIENCE / config.lock_budget.seconds))):
        try:
            verdicts = _fence(asked)
            if _all_open(verdicts):
                end_sessions(connection, config)
            return verdicts
        except psycopg.errors.LockNotAvailable:
            in_progress = _beats_in_progress(connection)
    return tuple(verdict._replace(open=False, reasons=in_progress, overridden=()) for verdict in verdicts)


class _Asked(NamedTuple):
    """What close_fences was asked."""

    connection: Connection
    config: Config
    app: str
    changes: Mapping[str, tuple[Reason, ...]]
    release: str
    forced_why: str | None


def _all_open(verdicts: Iterable[Verdict]) -> bool:
    return all(verdict.open for verdict in verdicts)


def limit_waits(connection: Connection, config: Config) -> None:
    """Let the open transaction wait for a lock no longer than the lock budget, nor stand still with one."""
    connection.execute(
        "SELECT pg_catalog.set_config('lock_timeout', %s, true),"
        " pg_catalog.set_config('idle_in_transaction_session_timeout', %s, true)",
        [f"{config.lock_budget.milliseconds}ms", FROZEN],
    )


def exclude_beats(connection: Connection) -> None:
    """Let no beat in until the open transaction ends; those that are under way are waited for."""
    connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s, %s)", FENCE_KEY)


def _fence(asked: _Asked) -> tuple[Verdict, ...]:
    connection = asked.connection
    with connection.transaction():
        # In REPEATABLE READ the snapshot would be older than the lock, and beats that committed meanwhile unseen.
        connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        limit_waits(connection, asked.config)
        # Whoever binds the change to another release waits, or the versions fenced are not those that were judged.
        connection.execute(
            "SELECT FROM zdmigrate.change WHERE app = %s AND id = ANY (%s) ORDER BY id FOR UPDATE",
            [asked.app, list(asked.changes)],
        )
        exclude_beats(connection)
        verdicts = _decide(asked)
        if _all_open(verdicts):
            for verdict in verdicts:
                _mark(connection, verdict, asked.forced_why)
            shut_out(connection, asked.config)
        return verdicts


def _decide(asked: _Asked) -> tuple[Verdict, ...]:
    return tuple(_decide_one(asked, change, extra) for change, extra in asked.changes.items())


def _decide_one(asked: _Asked, change: str, extra: tuple[Reason, ...]) -> Verdict:
    verdict = ask_gate(asked.connection, asked.config, asked.app, change, asked.release, extra)
    if asked.forced_why is None:
        return verdict
    overridden = tuple(reason for reason in verdict.reasons if reason not in extra)
    return verdict._replace(open=not extra, reasons=extra, overridden=overridden)


def _mark(connection: Connection, verdict: Verdict, forced_why: str | None) -> None:
    app, change, release = verdict.app, verdict.change, verdict.release
    connection.execute(
        "INSERT INTO zdmigrate.fence (app, change, release, forced_why) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (app, change) DO NOTHING",  # a contract that is resumed has its fence
        [app, change, release, forced_why],
    )
    if forced_why is not None:
        passed_over = [reason.sentence for reason in verdict.overridden]
        record(connection, "force", app=app, change=change, release=release, why=forced_why, overridden=passed_over)
    move(connection, app, change, State.CONTRACTING, release=release)


def _beats_in_progress(connection: Connection) -> tuple[Reason, ...]:
    """Who holds the lock of beats. Every role may read these columns of the two views."""
    rows = connection.execute(
        "SELECT l.pid, coalesce(a.application_name, '') FROM pg_catalog.pg_locks AS l"
        " LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objid = %s AND l.objsubid = 2 AND l.granted"
        " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
        " ORDER BY l.pid",
        FENCE_KEY,
    ).fetchall()
    told = [
        f"backend {pid}{f' ({name})' if name else ''} beats in a transaction that it keeps open" for pid, name in rows
    ]
    return tuple(
        Reason(Code.BEAT_IN_PROGRESS, sentence, source="heartbeat")
        for sentence in told or ["the fence got no lock in the ledger in time; nobody holds it any more: try again"]
    )
