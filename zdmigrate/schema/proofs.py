"""What the catalog proves, so that PostgreSQL need not read the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.layers import where

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.relations import TableConstraint


def is_proven_not_null(table: Name, column: str, catalog: Catalog) -> bool:
    """Whether the column is NOT NULL already, or a validated CHECK says so of this very column."""
    known = catalog.tables.get(table)
    if known is None:
        return False
    if column in known.columns and known.columns[column].not_null:
        return True
    return any(column in kept.filled for kept in where(known.constraints, _is_proof))


def _is_proof(constraint: TableConstraint) -> bool:
    return bool(constraint.filled) and constraint.validated
