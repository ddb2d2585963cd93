"""Creating the ledger, and making sure that it is one that this program can use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

import zdmigrate
from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection

VERSION = 2
_HERE = Path(__file__).parent
_CREATION = (2053401961, 2)  # the class is that of FENCE_KEY in live/fence.py


def create_ledger(connection: Connection) -> bool:
    """Create schema ``zdmigrate`` with its tables and functions, whole or not at all; False if it is there already.

    Raises DatabaseError where the role may not create a schema in this database.
    """
    if ledger_version(connection) is not None:
        check_ledger(connection)
        return False
    try:
        with connection.transaction():
            connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s, %s)", _CREATION)
            # Read from the table: to_regclass would go on saying what it said before the lock was had.
            if one(connection, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'zdmigrate')")[0]:
                return False
            connection.execute((_HERE / "schema.sql").read_text())
            connection.execute((_HERE / "functions.sql").read_text())
            connection.execute(
                "INSERT INTO zdmigrate.ledger (version, system_identifier, timeline) VALUES (%s, %s, %s)",
                [VERSION, system_identifier(connection), timeline(connection)],
            )
            record(connection, "init")
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"the role {connection.info.user} may not create the ledger: {error.diag.message_primary}",
            state="nothing was changed",
            hint=f"as the database's owner: GRANT CREATE ON DATABASE {connection.info.dbname} "
            f"TO {connection.info.user}",
        ) from None
    return True


def check_ledger(connection: Connection) -> None:
    """Raise DatabaseError unless a ledger of this version is there, made on this very server."""
    version = ledger_version(connection)
    if version is None:
        raise DatabaseError(
            f"the database {connection.info.dbname} has no ledger yet",
            state="nothing was changed",
            hint="zdmigrate init --release VERSION (the version that runs today)",
        )
    if version != VERSION:
        raise _of_another_version(version)
    (made_on,) = one(connection, "SELECT system_identifier FROM zdmigrate.ledger")
    if made_on != system_identifier(connection):
        raise DatabaseError(
            "the ledger was made on another server: this one was restored or upgraded from it",
            state="nothing was changed; live instances in the ledger belong to the other server",
            hint='zdmigrate init --release VERSION --adopt --reason "…" takes the ledger over',
        )


def _of_another_version(version: int) -> DatabaseError:
    return DatabaseError(
        f"the ledger has version {version}, zdmigrate {zdmigrate.__version__} works with version {VERSION}",
        state="nothing was changed",
        hint="use the zdmigrate that the other runners use, or upgrade this one"
        if version > VERSION
        else "zdmigrate init --upgrade, once every runner on this database has this version of zdmigrate",
    )


def upgrade_ledger(connection: Connection) -> int:
    """Bring an older ledger to this program's version, in one transaction; the version that it had.

    Apps beat on meanwhile: no lock is waited for longer than two seconds. Raises DatabaseError where there is no
    ledger, or one of a newer version.
    """
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '2s'")
        connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s, %s)", _CREATION)
        version = ledger_version(connection)
        if version is None or version > VERSION:
            check_ledger(connection)
        before = version or VERSION
        if before < VERSION:
            for number in range(before + 1, VERSION + 1):
                connection.execute((_HERE / "upgrades" / f"{number}.sql").read_text())
            connection.execute((_HERE / "functions.sql").read_text())
            connection.execute("UPDATE zdmigrate.ledger SET version = %s", [VERSION])
            record(connection, "upgrade", before=before, after=VERSION)
        return before


def ledger_version(connection: Connection) -> int | None:
    """The ledger's version, or None where there is no ledger. Raises DatabaseError if it may not be read."""
    try:
        if one(connection, "SELECT pg_catalog.to_regclass('zdmigrate.ledger') IS NULL")[0]:
            return None
        return int(one(connection, "SELECT version FROM zdmigrate.ledger")[0])
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseError(
            f"the role {connection.info.user} may not read the ledger",
            state="nothing was changed",
            hint=f"as the ledger's owner: GRANT USAGE ON SCHEMA zdmigrate TO {connection.info.user}; "
            f"GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO {connection.info.user};",
        ) from None


def system_identifier(connection: Connection) -> str:
    """What tells this cluster from every other, and from itself after initdb (pg_control_system)."""
    return str(one(connection, "SELECT system_identifier FROM pg_catalog.pg_control_system()")[0])


def timeline(connection: Connection) -> int:
    """Which history the server is in: another one after a promotion, and after a restore to a point in time.

    The first third of a WAL file's name (manual, "Continuous Archiving"); pg_control has it only after a checkpoint.
    """
    query = """
        SELECT ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))::bit(32)::int
    """
    return int(one(connection, query)[0])


def one(
    connection: Connection, query: str | bytes, parameters: list[Any] | dict[str, Any] | None = None
) -> tuple[Any, ...]:
    """The one row of a query that always has one."""
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise DatabaseError(f"the database answered nothing to: {query!s}", hint="zdmigrate doctor")
    return row
