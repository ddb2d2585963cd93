"""Alembic's table of versions: read for what is in the database, written by what Alembic itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from zdmigrate.errors import StepFailed, UsageError
from zdmigrate.run.relations import quoted
from zdmigrate.sources.revisions import version_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.session import Session
    from zdmigrate.schema.names import Name
    from zdmigrate.sources.change import Change


def heads_in(connection: Connection, table: Name) -> frozenset[str] | None:
    """What Alembic's table says; None where there is no such table."""
    (oid,) = connection.execute("SELECT pg_catalog.to_regclass(%s)", [quoted(table)]).fetchone() or (None,)
    if oid is None:
        return None
    query = sql.SQL("SELECT version_num FROM {}").format(sql.SQL(quoted(table)))
    return frozenset(version for (version,) in connection.execute(query))


def applied_by(heads: Iterable[str], changes: Sequence[Change]) -> frozenset[str]:
    """The revisions that are in a database with these heads: these, and all that they stand on.

    Raises UsageError for a head that no file here has: another branch of the code was there.
    """
    known: Mapping[str, Change] = {change.id: change for change in changes}
    found: set[str] = set()
    waiting = list(heads)
    while waiting:
        name = waiting.pop()
        if name not in known:
            raise UsageError(
                f"Alembic's table says that revision {name} is in this database, and no file here is that revision",
                state="nothing was run",
                hint="alembic current shows it; run this where the code has it",
            )
        revision = known[name].revision
        if name not in found and revision is not None:
            found.add(name)
            waiting += revision.after
    return frozenset(found)


class Stamp:
    """What Alembic writes when one revision has been run, or taken back, on a table that says ``heads``."""

    def __init__(self, table: Name, heads: frozenset[str] | None, statements: Sequence[str]) -> None:
        self.table = table
        self.heads = heads
        self.statements = statements

    def write(self, session: Session) -> None:
        """In the open transaction. Raises StepFailed where somebody else has written the table since it was read.

        The lock lets nobody else write it until the transaction ends; it stops no reader.
        """
        connection = session.connection
        if self.heads is not None:
            connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.SQL(quoted(self.table))))
        if heads_in(connection, self.table) != self.heads:
            session.roll_back()
            raise StepFailed(
                f"somebody else has written {self.table} meanwhile, as alembic upgrade does",
                state="this step was not completed; the steps before it stand",
                hint="run the same command again: it goes on from what is there now",
            )
        for statement in self.statements:
            connection.execute(statement.encode())


def stamp_for(connection: Connection, change: Change, phase: str) -> Stamp | None:
    """What Alembic will write at the end of ``phase``; None where that is nothing of Alembic's.

    A revert of what never came so far writes nothing.
    """
    revision = change.revision
    if revision is None or revision.contracts != (phase == "contract"):
        return None
    heads = heads_in(connection, revision.version_table)
    if phase == "revert" and change.id not in (heads or ()):
        return Stamp(revision.version_table, heads, ())
    statements = version_statements(revision, change.id, sorted(heads or ()), upgrade=phase != "revert")
    if heads is not None and not heads:  # emptied by a downgrade, and still there
        statements = tuple(text for text in statements if not text.upper().startswith("CREATE TABLE"))
    return Stamp(revision.version_table, heads, statements)
