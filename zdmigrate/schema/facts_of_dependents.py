"""The facts of a column that goes, or changes: what else goes with it, or stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.dependents import functions_naming, readers, views_reading
from zdmigrate.schema.spelling import short_names

if TYPE_CHECKING:
    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts


def dropped_column(operation: ops.DropColumn, at: Situation) -> Facts:
    return {**in_use(operation, at), **named_in_bodies(operation, at), "indexes_lost": _indexes_lost(operation, at)}


def in_use(operation: ops.ColumnAction, at: Situation) -> Facts:
    """``views`` are for the SQL that drops them, ``readers`` for a sentence."""
    tables, column = at.tree(operation), operation.column
    views = (view.name for view in views_reading(tables, column, at.catalog))
    return {
        "views": short_names(views, at.catalog),
        "readers": ", ".join(readers(tables, column, at.catalog)),
    }


def named_in_bodies(operation: ops.ColumnAction, at: Situation) -> Facts:
    """Those that are made anew in the same transaction will name what is there then."""
    to_come = {name for kind, name in at.state.objects_to_come if kind in ("function", "procedure")}
    found = functions_naming(at.name(operation), operation.column, at.catalog)
    kept = (name for name in found if to_come.isdisjoint((name.name, str(name))))
    return {"functions": short_names(kept, at.catalog)}


def _indexes_lost(operation: ops.DropColumn, at: Situation) -> str:
    """The indexes that serve other columns as well: queries by those lose them without a word."""
    return short_names(
        (
            index.name
            for table in at.tree(operation)
            for index in at.catalog.indexes_of(table)
            if index.names(operation.column) and any(column != operation.column for column in index.columns)
        ),
        at.catalog,
    )
