"""What a server does for one statement: its locks, the tables that it writes anew or reads, the indexes it builds."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.servers.database import Database

RELATIONS = """
    select c.oid, case when c.relpersistence = 't' then 'pg_temp' else n.nspname end || '.' || c.relname,
           c.relkind::text, pg_relation_filenode(c.oid)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_(catalog|toast)|information_schema'
"""
READ = "select oid, pg_stat_get_xact_numscans(oid) from pg_class where relkind in ('r', 'm')"
LOCKS = "select relation, mode from pg_locks where pid = %s and locktype = 'relation'"


class Relation(NamedTuple):
    name: str
    kind: str
    file: int | None


class Observed(NamedTuple):
    """Locks on relations that were there before; ``locks`` are those on tables and views."""

    locks: dict[str, LockMode]
    index_locks: dict[str, LockMode]
    sequence_locks: dict[str, LockMode]
    rewrites: set[str]
    scans: set[str]
    builds_index: bool


def relations(connection: psycopg.Connection) -> dict[int, Relation]:
    return {oid: Relation(*rest) for oid, *rest in connection.execute(RELATIONS)}


def observe(database: Database, sql: str) -> Observed:
    """Run ``sql`` in a transaction, look, and roll it back."""
    with database.connect() as connection:
        before, told = relations(connection), listen(connection)
        connection.execute("begin")
        connection.execute(sql)
        locks = locks_of(connection, connection.info.backend_pid, before)
        after, verified = relations(connection), verified_by_keys(connection, told)
        if sql.startswith("alter domain"):
            verified |= read_for_domains(connection, before)
        connection.execute("rollback")
    return seen(before, after, locks, told, verified)


def observe_alone(database: Database, sql: str, table: str, held: str) -> Observed:
    """Run ``sql`` outside of a transaction, and look from beside while another session's lock holds it up."""
    with database.connect() as connection, database.connect() as other, database.connect() as onlooker:
        before, told = relations(connection), listen(connection)
        with running(connection, sql, other, f"lock table {table} in {held} mode"):
            wait_until_it_waits(onlooker, connection.info.backend_pid)
            locks = locks_of(onlooker, connection.info.backend_pid, before)
        after = relations(connection)
    return seen(before, after, locks, told)


@contextmanager
def running(connection: psycopg.Connection, sql: str, other: psycopg.Connection, lock: str) -> Iterator[None]:
    """The statement in a thread of its own, behind a lock that is let go at the end."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            connection.execute(sql)
        except Exception as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    other.execute("begin")
    other.execute(lock)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        other.execute("rollback")
        thread.join()
    if failures:
        raise failures[0]


def wait_until_it_waits(onlooker: psycopg.Connection, pid: int) -> None:
    waiting = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
    for _ in range(2000):
        if onlooker.execute(waiting, [pid]).rowcount:
            return
        time.sleep(0.005)
    raise AssertionError("the statement was not held up")


def listen(connection: psycopg.Connection) -> list[str]:
    """The server's messages from here on: at debug1 it tells of every rewrite, scan and index build."""
    told: list[str] = []
    connection.execute("set client_min_messages = debug1")
    connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    return told


def locks_of(connection: psycopg.Connection, pid: int, before: dict[int, Relation]) -> dict[Relation, LockMode]:
    locks: dict[Relation, LockMode] = {}
    for oid, mode in connection.execute(LOCKS, [pid]):
        if oid in before:
            held = LockMode.from_pg_locks(mode)
            locks[before[oid]] = max(held, locks.get(before[oid], held))
    return locks


def verified_by_keys(connection: psycopg.Connection, told: list[str]) -> set[str]:
    """The tables whose rows were looked up for a foreign key, by the keys' names in the messages."""
    keys = re.findall(r'^validating foreign key constraint "(.+)"$', "\n".join(told), re.MULTILINE)
    owners = "select n.nspname || '.' || c.relname from pg_constraint k join pg_class c on c.oid = k.conrelid"
    owners += " join pg_namespace n on n.oid = c.relnamespace where k.conname = any (%s) and c.relkind = 'r'"
    return {name for (name,) in connection.execute(owners, [keys])}


def read_for_domains(connection: psycopg.Connection, before: dict[int, Relation]) -> set[str]:
    """The tables that this transaction has read whole: of what ALTER DOMAIN reads the server tells nothing."""
    return {before[oid].name for oid, scans in connection.execute(READ) if scans and oid in before}


def seen(
    before: dict[int, Relation],
    after: dict[int, Relation],
    locks: dict[Relation, LockMode],
    told: list[str],
    verified: set[str] = frozenset(),  # type: ignore[assignment]
) -> Observed:
    own = {relation.name.split(".")[1]: relation.name for relation in before.values()}
    messages = "\n".join(told)
    read = {name for name in re.findall(r'^verifying table "(.+)"$', messages, re.MULTILINE) if name in own}
    built = re.findall(r'^building index "(.+)" on table "(.+?)"', messages, re.MULTILINE)
    return Observed(
        locks={relation.name: mode for relation, mode in locks.items() if relation.kind not in "iIS"},
        index_locks={relation.name: mode for relation, mode in locks.items() if relation.kind in "iI"},
        sequence_locks={relation.name: mode for relation, mode in locks.items() if relation.kind == "S"},
        rewrites={
            relation.name
            for oid, relation in before.items()
            if oid in after and after[oid].file != relation.file and relation.kind in "rm"
        },
        scans=verified | {own[name] for name in read} | {own[table] for _, table in built if table in own},
        builds_index=any(table in own for _, table in built),
    )
