"""The effects of adding, validating and dropping constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.claim import Effects, Locks, Situation, locked, strongest
from zdmigrate.schema.effects.foreign_keys import references_locked
from zdmigrate.schema.lock_modes import LockMode
from zdmigrate.schema.proofs import is_proven_not_null

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops


def _add_check(operation: ops.AddCheck, at: Situation) -> Effects:
    tree, constraint = at.tree(operation), operation.constraint
    checked = not constraint.not_valid and constraint.enforced
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, tree), scans=at.stored(tree) if checked else ())


def _add_not_null(operation: ops.AddNotNull, at: Situation) -> Effects:
    tree, columns = at.tree(operation), operation.constraint.columns
    unproven = [name for name in tree if not all(is_proven_not_null(name, column, at.catalog) for column in columns)]
    scans = () if operation.constraint.not_valid else at.stored(unproven)
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, tree), scans=scans)


def _add_foreign_key(operation: ops.AddForeignKey, at: Situation) -> Effects:
    tree, constraint = at.tree(operation), operation.constraint
    own = locked(LockMode.SHARE_ROW_EXCLUSIVE, tree)
    checked = not constraint.not_valid and constraint.enforced
    return Effects(locks=strongest(own, references_locked(constraint, at)), scans=at.stored(tree) if checked else ())


def _add_unique(operation: ops.AddUnique, at: Situation) -> Effects:
    tree, built = at.tree(operation), operation.constraint.using_index is None
    scans = at.stored(tree) if built else ()
    return Effects(locks=_indexed_locked(operation, at), scans=scans, builds_index=built)


def _indexed_locked(operation: ops.AddConstraint, at: Situation, *, proven: bool = True) -> Locks:
    """ACCESS EXCLUSIVE on the table; before 18 partitions get their indexes under SHARE, where NOT NULL is proven."""
    table, *below = at.tree(operation)
    mode = LockMode.SHARE if at.major < 18 and proven else LockMode.ACCESS_EXCLUSIVE
    return strongest(locked(mode, below), {table: LockMode.ACCESS_EXCLUSIVE})


def _add_primary_key(operation: ops.AddPrimaryKey, at: Situation) -> Effects:
    tree, constraint = at.tree(operation), operation.constraint
    built = constraint.using_index is None
    columns = constraint.columns if built else index_columns(operation, at)
    proven = bool(columns) and all(is_proven_not_null(at.name(operation), column, at.catalog) for column in columns)
    return Effects(
        locks=_indexed_locked(operation, at, proven=proven),
        scans=at.stored(tree) if built or not proven else (),
        builds_index=built,
    )


def index_columns(operation: ops.AddConstraint, at: Situation) -> tuple[str, ...]:
    """The columns of the index that a constraint takes over; none where the catalog does not know it."""
    name = at.name(operation)._replace(name=operation.constraint.using_index or "")
    index = at.catalog.indexes.get(name)
    return () if index is None else index.columns


def _validate(operation: ops.ValidateConstraint, at: Situation) -> Effects:
    tree = at.tree(operation)
    constraint = at.catalog.constraint(operation.relation, operation.name)
    target = () if constraint is None or constraint.references is None else at.below(constraint.references)
    done = constraint is not None and constraint.validated
    return Effects(
        locks=strongest(
            locked(LockMode.SHARE_UPDATE_EXCLUSIVE, tree), {} if done else locked(LockMode.ROW_SHARE, target)
        ),
        scans=() if done else at.stored(tree),
    )


def _drop(operation: ops.DropConstraint, at: Situation) -> Effects:
    constraint = at.catalog.constraint(operation.relation, operation.name)
    target = () if constraint is None or constraint.references is None else at.below(constraint.references)
    pointing = [table.name for table, _ in at.catalog.references_to(at.name(operation))] if operation.cascade else []
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (*at.tree(operation), *target, *pointing)))


def _exclusive(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, at.tree(operation)))


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "add_check": _add_check,
    "add_not_null": _add_not_null,
    "add_foreign_key": _add_foreign_key,
    "add_unique": _add_unique,
    "add_primary_key": _add_primary_key,
    "add_exclusion": _add_unique,
    "validate_constraint": _validate,
    "drop_constraint": _drop,
    "alter_constraint": _exclusive,
    "rename_constraint": _exclusive,
}
