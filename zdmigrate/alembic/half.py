"""A revision that stopped half way: what ``autocommit_block()`` has committed stays, and Alembic begins at its top.

Said where it stops, and where the next try meets what is there already. An index that was being built is no such case:
what is left of it goes before it is built anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.util import CommandError

from zdmigrate.schema.spelling import spelled_name
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection

# duplicate_table, _column, _object, _function, _schema; undefined_table, _column, _object: what is there, or gone
_DONE_BEFORE = frozenset(("42P07", "42701", "42710", "42723", "42P06", "42P01", "42703", "42704"))
_INVALID = """
SELECT 1 FROM pg_catalog.pg_index i
WHERE i.indexrelid = pg_catalog.to_regclass(%s) AND NOT i.indisvalid
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
"""


class Half:
    """The revision that is running, and whether some of it has been committed."""

    def __init__(self, revision: str, below: str | None, *, is_downgrade: bool = False) -> None:
        self.revision, self.below, self.is_downgrade = revision, below, is_downgrade
        self.has_sent = self.is_committed = False

    def told(self, error: CommandError) -> CommandError:
        """The error, with the state that things are in."""
        rolled_back = f"{self.revision} is rolled back, and those before it stand"
        return CommandError(f"{error}\n{self._half() if self.is_committed else rolled_back}")

    def failed(self, why: str, code: str | None, statement: str) -> CommandError | None:
        """What a server's error means of a revision that has been half way, now or in a try before; None otherwise."""
        if not self.is_committed and code not in _DONE_BEFORE:
            return None
        first = f"zdmigrate: {self.revision} failed at {statement}: {why}"
        if self.is_committed:
            return CommandError(f"{first}\n{self._half()}")
        return CommandError(f"{first}\nIf an upgrade has stopped within it before: {self._again()}")

    def _half(self) -> str:
        return (
            f"{self.revision} is half done: what stands above its autocommit_block() is committed, and "
            f"alembic_version does not say so.\nnext: {self._again()}"
        )

    def _again(self) -> str:
        if self.is_downgrade:
            return "run the downgrade again; statements with IF EXISTS leave out what is gone"
        return (
            f"alembic stamp {self.revision}, then alembic downgrade {self.below or 'base'}, which takes back what is "
            "there; of a contract, which has no way back, take out of upgrade() what is done. Then run it again"
        )


def invalid_index(connection: Connection, statement: str) -> str | None:
    """The index that a CREATE INDEX CONCURRENTLY is to build, where an invalid one is there and nobody builds it."""
    if "concurrently" not in statement.lower():
        return None
    for operation in (each for read in read_script(statement).statements for each in read.operations):
        if operation.kind == "create_index" and operation.relation is not None and operation.name:  # type: ignore[attr-defined]
            name = spelled_name(operation.relation._replace(name=operation.name))  # type: ignore[attr-defined]
            if connection.execute(_INVALID, [name]).fetchone():
                return name
    return None
