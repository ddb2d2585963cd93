"""A connection to the ledger for one command, and what its refusals mean to a person."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import check_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.ledger.connection import Connection

_FUNCTIONS = "zdmigrate.beat(text, text, text), zdmigrate.goodbye(text, text, text), zdmigrate.ready(text, text)"
TO_BEAT = f"GRANT USAGE ON SCHEMA zdmigrate TO ROLE; GRANT EXECUTE ON FUNCTION {_FUNCTIONS} TO ROLE;"
TO_READ = (
    "GRANT USAGE ON SCHEMA zdmigrate TO ROLE; GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO ROLE;"
    " GRANT EXECUTE ON FUNCTION zdmigrate.is_old_for(text, text, text), zdmigrate.is_retired(text, text),"
    " zdmigrate.ready(text, text) TO ROLE;"
    " (only the ledger's owner writes)"
)


@contextmanager
def open_ledger(dsn: str, purpose: str) -> Iterator[Connection]:
    """A connection to a database that has a ledger of ours. Raises DatabaseError for all that can go wrong."""
    with connect(dsn, purpose=purpose) as connection:
        try:
            check_ledger(connection)
            yield connection
        except psycopg.Error as error:
            raise explain(error, TO_READ) from None


def explain(error: psycopg.Error, grants: str = TO_BEAT) -> DatabaseError:
    """What a refusal means: no ledger, no privilege, no answer. ``grants`` is what a role would need."""
    told = " ".join((error.diag.message_primary or str(error)).split())
    if isinstance(error, psycopg.errors.InvalidSchemaName | psycopg.errors.UndefinedFunction):
        hint = "zdmigrate init --release VERSION (the version that runs today), by whoever deploys"
        return DatabaseError("this database has no ledger yet", state="nothing was changed", hint=hint)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        sentence = f"this role has too few privileges: {told}"
        return DatabaseError(sentence, state="nothing was changed", hint=f"as the ledger's owner: {grants}")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        hint = "zdmigrate doctor shows long transactions; run the same command again once the lock is gone"
        return DatabaseError(f"somebody holds a lock that excludes readers: {told}", state="nothing was run", hint=hint)
    if isinstance(error, psycopg.OperationalError):
        return DatabaseError(f"the database does not answer: {told}", hint="try again once it does")
    return DatabaseError(f"the database refused: {told}", hint="zdmigrate doctor looks for what is wrong")
