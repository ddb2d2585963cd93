"""The effects of ALTER TABLE on columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.constraints import INDEXED
from zdmigrate.schema.dependents import views_reading
from zdmigrate.schema.effects.claim import Effects, Locks, Situation, locked, strongest
from zdmigrate.schema.effects.foreign_keys import neighbours_of_column, references_locked, tables_pointing_at
from zdmigrate.schema.effects.views import views_upon
from zdmigrate.schema.filling import fills_rows, is_required
from zdmigrate.schema.lock_modes import LockMode
from zdmigrate.schema.proofs import is_proven_not_null
from zdmigrate.schema.type_changes import rebuilt_indexes, type_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops


def _catalog_only(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=_exclusive(operation, at))


def _share_update(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_UPDATE_EXCLUSIVE, at.tree(operation)))


def _exclusive(operation: ops.AlterTable, at: Situation) -> Locks:
    return locked(LockMode.ACCESS_EXCLUSIVE, at.tree(operation))


def _add_column(operation: ops.AddColumn, at: Situation) -> Effects:
    column, tree = operation.column, at.stored(at.tree(operation))
    filled = tree if fills_rows(column, at.catalog) else ()
    if operation.if_not_exists and at.catalog.column(operation.relation, column.name) is not None:
        return _catalog_only(operation, at)
    indexed = not INDEXED.isdisjoint(constraint.type for constraint in column.constraints)
    return Effects(
        locks=strongest(_exclusive(operation, at), *(references_locked(c, at) for c in column.constraints)),
        rewrites=filled,
        scans=tree if indexed or _is_checked(column) else (),
        builds_index=indexed or at.rebuilds(filled),
    )


def _is_checked(column: ops.Column) -> bool:
    """Rows are read for a CHECK, for a foreign key of a default, for NOT NULL where every row is NULL."""
    enforced = {constraint.type for constraint in column.constraints if constraint.enforced}
    if "check" in enforced or is_required(column):
        return True
    return "foreign_key" in enforced and column.default is not None


def _drop_column(operation: ops.DropColumn, at: Situation) -> Effects:
    """With ONLY the tables below keep the column, as one of their own: that is written there."""
    others = (*at.below(at.name(operation)), *neighbours_of_column(operation, at, pointing=operation.cascade))
    if operation.cascade:
        views = views_reading(at.tree(operation), operation.column, at.catalog)
        others = (*others, *(name for view in views for name in (view.name, *views_upon((view.name,), at))))
    return Effects(locks=strongest(_exclusive(operation, at), locked(LockMode.ACCESS_EXCLUSIVE, others)))


def _alter_column_type(operation: ops.AlterColumnType, at: Situation) -> Effects:
    change, tree = type_change(operation, at.catalog, at.state), at.stored(at.tree(operation))
    others = neighbours_of_column(operation, at, pointing=True)
    rewrites = tree if change == "rewrite" else ()
    pointing = at.stored(tables_pointing_at(operation, at))
    return Effects(
        locks=strongest(_exclusive(operation, at), locked(LockMode.ACCESS_EXCLUSIVE, others)),
        rewrites=rewrites,
        scans=(*(tree if change == "scan" else ()), *(pointing if rewrites else ())),
        builds_index=at.rebuilds(rewrites) or (change == "scan" and bool(rebuilt_indexes(operation, at.catalog))),
    )


def _set_not_null(operation: ops.SetNotNull, at: Situation) -> Effects:
    unproven = (name for name in at.tree(operation) if not is_proven_not_null(name, operation.column, at.catalog))
    return Effects(locks=_exclusive(operation, at), scans=at.stored(unproven))


def _set_expression(operation: ops.SetExpression, at: Situation) -> Effects:
    column = at.catalog.column(operation.relation, operation.column)
    virtual = column is not None and column.generated == "virtual"
    rewrites = () if virtual else at.stored(at.tree(operation))
    return Effects(locks=_exclusive(operation, at), rewrites=rewrites, builds_index=at.rebuilds(rewrites))


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column_type": _alter_column_type,
    "set_not_null": _set_not_null,
    "drop_not_null": _catalog_only,
    "set_default": _catalog_only,
    "drop_default": _catalog_only,
    "set_statistics": _share_update,
    "set_storage": _catalog_only,
    "set_compression": _catalog_only,
    "set_column_options": _share_update,
    "add_identity": _catalog_only,
    "set_identity": _catalog_only,
    "drop_identity": _catalog_only,
    "drop_expression": _catalog_only,
    "set_expression": _set_expression,
    "rename_column": _catalog_only,
}
