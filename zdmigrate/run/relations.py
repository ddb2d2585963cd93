"""The relations that a step will lock, as this server knows them: partitions and children found, new ones left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.schema.names import Name

# A lock on a parent is one on every child; DROP and ADD of a foreign key lock the other table too, which the
# plan's effects have named already where history or the catalog knew it.
_TREE = """
    WITH RECURSIVE tree AS (
        SELECT pg_catalog.to_regclass(%s)::oid AS relation
        UNION ALL
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.relation
    )
    SELECT c.oid, c.relkind::text, n.nspname, c.relname FROM tree
    JOIN pg_catalog.pg_class AS c ON c.oid = tree.relation
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
"""
_LOCKABLE = ("r", "p")  # LOCK TABLE of a view locks its tables, too, and of anything else it is refused


class Relations:
    """Modes by relation number for looking, and the LOCK TABLE statements for asking, strongest mode first."""

    def __init__(self, modes: dict[int, LockMode], lockable: Mapping[int, sql.Identifier]) -> None:
        self.modes = modes
        self.lockable = lockable

    @property
    def blocks(self) -> bool:
        """Whether any of the locks makes an application's INSERT, UPDATE or DELETE wait."""
        return any(mode.blocks_writers for mode in self.modes.values())

    def lock_statements(self) -> list[sql.Composed]:
        """One LOCK TABLE for each mode: a statement's time limit covers them together, lock_timeout would not."""
        statements = []
        for mode in sorted({self.modes[oid] for oid in self.lockable}, reverse=True):
            tables = [name for oid, name in sorted(self.lockable.items()) if self.modes[oid] == mode]
            command = sql.SQL("LOCK TABLE {} IN {} MODE").format(sql.SQL(", ").join(tables), sql.SQL(mode.sql))
            statements.append(command)
        return statements

    def weak_lock_statement(self) -> sql.Composed | None:
        """SHARE UPDATE EXCLUSIVE on every table that a stronger lock is wanted on; None where there is none."""
        weak = LockMode.SHARE_UPDATE_EXCLUSIVE
        tables = [name for oid, name in sorted(self.lockable.items()) if self.modes[oid] > weak]
        if not tables:
            return None
        return sql.SQL("LOCK TABLE {} IN {} MODE").format(sql.SQL(", ").join(tables), sql.SQL(weak.sql))


def find_relations(connection: Connection, locks: Iterable[tuple[Name, LockMode]]) -> Relations:
    """What of a plan's locks is there on this server now, in one fixed order (by relation number)."""
    modes: dict[int, LockMode] = {}
    lockable: dict[int, sql.Identifier] = {}
    for name, mode in locks:
        for oid, kind, schema, relation in connection.execute(_TREE, [quoted(name)]):
            modes[oid] = max(mode, modes.get(oid, mode))
            if kind in _LOCKABLE:
                lockable[oid] = sql.Identifier(schema, relation)
    return Relations(modes, lockable)


def quoted(name: Name) -> str:
    """A name as to_regclass reads it: each part quoted, the schema only where it was given."""
    parts = [part for part in (name.schema, name.name) if part is not None]
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
