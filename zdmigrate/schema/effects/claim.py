"""What an operation costs the queries that run beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.names import Name
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.lock_modes import LockMode
    from zdmigrate.schema.operations import AlterTable, Operation
    from zdmigrate.schema.relations import Table
    from zdmigrate.schema.state import ScriptState

Locks = dict[Name, "LockMode"]


class Effects(Value):
    """Claims about PostgreSQL, measured by tests/schema/test_effects.py.

    ``locks`` is the strongest mode for each relation that was there before; those that the operation makes are
    in ``creates``. It is complete for the modes that stop a query; ACCESS SHARE and ROW SHARE may be missing.
    ``rewrites`` and ``scans`` are tables whose every row is written or read under those locks.
    ``unknown``: the operation is not understood, and everything may be true of it.
    """

    locks: Locks = {}  # noqa: RUF012 - a Value's defaults are never changed
    rewrites: tuple[Name, ...] = ()
    scans: tuple[Name, ...] = ()
    builds_index: bool = False
    refuses_transaction: bool = False
    unknown: bool = False
    creates: tuple[Name, ...] = ()


NONE = Effects()


def locked(mode: LockMode, relations: Iterable[Name]) -> Locks:
    return dict.fromkeys(relations, mode)


def strongest(*all_locks: Locks) -> Locks:
    """The locks together: for each relation the strongest mode."""
    together: Locks = {}
    for locks in all_locks:
        for relation, mode in locks.items():
            together[relation] = max(mode, together.get(relation, mode))
    return together


class Situation(NamedTuple):
    """What is known before an operation runs, and the server's major version."""

    catalog: Catalog
    state: ScriptState
    major: int

    def name(self, operation: Operation) -> Name:
        """The operation's relation with its schema."""
        return self.catalog.resolve(operation.relation or Name(None, ""))

    def table(self, operation: Operation) -> Table | None:
        return self.catalog.table(operation.relation)

    def makes_way(self, operation: Operation) -> bool:
        """DROP TABLE IF EXISTS of a table that no file has made before, and this one makes: there is none yet."""
        name = self.name(operation)
        if not getattr(operation, "if_exists", False) or name in self.catalog.tables:
            return False
        return any(self.catalog.new_name(made) == name for made in self.state.terms.tables_to_come)

    def below(self, table: Name) -> tuple[Name, ...]:
        """The table, and every partition and inheriting table below it."""
        return (table, *dict.fromkeys(self.catalog.descendants(table)))

    def tree(self, operation: AlterTable) -> tuple[Name, ...]:
        """The tables that an ALTER TABLE changes: without ONLY all below the one that it names."""
        return (self.name(operation),) if operation.only else self.below(self.name(operation))

    def stored(self, tables: Iterable[Name]) -> tuple[Name, ...]:
        """Those that have rows of their own: a partitioned table has none."""
        return tuple(name for name in tables if not self._is_partitioned(name))

    def rebuilds(self, tables: Iterable[Name]) -> bool:
        """Whether writing these tables anew builds an index: all that they have are built again."""
        known = [self.catalog.tables.get(name) for name in tables]
        return any(table is None or not table.complete or table.indexes for table in known)

    def _is_partitioned(self, name: Name) -> bool:
        table = self.catalog.tables.get(name)
        return table is not None and table.partitioned
