"""Whether two catalogs are the same schema: what a server would dump, and not how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.relations import Table

_SIMPLE = ("views", "domains", "types", "functions")


def is_same_schema(wanted: Catalog, got: Catalog) -> bool:
    """Indexes beyond those that are wanted are let pass: the server makes those of partitions without being asked."""
    return (
        all(getattr(wanted, field) == getattr(got, field) for field in _SIMPLE)
        and {name: _told(table) for name, table in wanted.tables.items()}
        == {name: _told(table) for name, table in got.tables.items()}
        and wanted.indexes.items() <= got.indexes.items()
    )


def _told(table: Table) -> tuple[Any, ...]:
    """A table without the order of what has none, and without names of NOT NULL, which only some statements give."""
    constraints = {name: kept for name, kept in table.constraints.items() if kept.type != "not_null"}
    apart = table.changed(constraints={}, indexes=(), referencing=(), children=())
    return apart, constraints, frozenset(table.referencing), frozenset(table.children)
