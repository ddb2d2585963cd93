"""The effects of ALTER TABLE on a whole table, its triggers, rules, partitions and parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.bounds import is_outside, is_within
from zdmigrate.schema.effects.claim import Effects, Situation, locked, strongest
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.names import Name

# Reading a table has to stop for these; every other storage parameter is changed beside readers and writers.
_OPTIONS = (
    "user_catalog_table fastupdate gin_pending_list_limit buffering pages_per_range autosummarize security_barrier "
    "security_invoker check_option"
)
_EXCLUSIVE_OPTIONS = frozenset(_OPTIONS.split())


def _exclusive(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (at.name(operation),)))


def _share_row(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_ROW_EXCLUSIVE, at.tree(operation)))


def _share_update(operation: ops.AlterTable, at: Situation) -> Effects:
    return Effects(locks=locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (at.name(operation),)))


def _rewriting(operation: ops.AlterTable, at: Situation) -> Effects:
    table = at.stored((at.name(operation),))
    locks = locked(LockMode.ACCESS_EXCLUSIVE, (at.name(operation),))
    return Effects(locks=locks, rewrites=table, builds_index=at.rebuilds(table))


def _set_options(operation: ops.SetTableOptions, at: Situation) -> Effects:
    exclusive = not _EXCLUSIVE_OPTIONS.isdisjoint(operation.options)
    mode = LockMode.ACCESS_EXCLUSIVE if exclusive else LockMode.SHARE_UPDATE_EXCLUSIVE
    return Effects(locks=locked(mode, (at.name(operation),)))


def _inherit(operation: ops.Inherit, at: Situation) -> Effects:
    parent = locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (at.catalog.resolve(operation.parent),))
    return Effects(locks=strongest(parent, locked(LockMode.ACCESS_EXCLUSIVE, (at.name(operation),))))


def _no_inherit(operation: ops.NoInherit, at: Situation) -> Effects:
    parent = locked(LockMode.ACCESS_SHARE, (at.catalog.resolve(operation.parent),))
    return Effects(locks=strongest(parent, locked(LockMode.ACCESS_EXCLUSIVE, (at.name(operation),))))


# --------------------------------------------------------------------------- partitions


def _attach(operation: ops.AttachPartition, at: Situation) -> Effects:
    parent, child = at.name(operation), at.catalog.resolve(operation.partition)
    exclusive = (*at.below(child), *default_partitions(parent, at, apart_from=child))
    return Effects(
        locks=strongest(
            locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (parent,)), locked(LockMode.ACCESS_EXCLUSIVE, exclusive)
        ),
        scans=at.stored(read_to_attach(operation, at)),
    )


def read_to_attach(operation: ops.AttachPartition, at: Situation) -> Iterator[Name]:
    """The new partition, what is below it, and the default partition, where no CHECK proves what they hold."""
    parent, child = at.name(operation), at.catalog.resolve(operation.partition)
    above = at.catalog.tables.get(parent)
    key = () if above is None else above.partition_key
    yield from (name for name in at.below(child) if not is_within(name, key, operation.bound, at.catalog))
    for name in default_partitions(parent, at, apart_from=child):
        if not is_outside(name, key, operation.bound, at.catalog):
            yield name


def _detach(operation: ops.DetachPartition, at: Situation) -> Effects:
    parent, child = at.name(operation), at.catalog.resolve(operation.partition)
    if operation.concurrently or operation.finalize:
        locks = strongest(
            locked(LockMode.SHARE_UPDATE_EXCLUSIVE, (parent,)), locked(LockMode.ACCESS_EXCLUSIVE, (child,))
        )
        return Effects(locks=locks, refuses_transaction=operation.concurrently)
    others = default_partitions(parent, at, apart_from=child)
    return Effects(locks=locked(LockMode.ACCESS_EXCLUSIVE, (parent, child, *others)))


def default_partitions(parent: Name, at: Situation, apart_from: Name) -> Iterator[Name]:
    """The default partition of a table, if one is known."""
    table = at.catalog.tables.get(parent)
    for name in table.children if table else ():
        child = at.catalog.tables.get(name)
        if child is not None and child.default_partition and name != apart_from:
            yield name


def _attach_index(operation: ops.AttachIndexPartition, at: Situation) -> Effects:
    """The tables of the two indexes are only looked at."""
    child = at.catalog.resolve(operation.partition)
    return Effects(
        locks={at.name(operation): LockMode.SHARE_UPDATE_EXCLUSIVE, child: LockMode.ACCESS_EXCLUSIVE},
    )


CLAIMS: dict[str, Callable[[Any, Situation], Effects]] = {
    "set_logged": _rewriting,
    "set_unlogged": _rewriting,
    "set_tablespace": _rewriting,
    "set_access_method": _rewriting,
    "cluster_on": _share_update,
    "set_without_cluster": _share_update,
    "set_replica_identity": _exclusive,
    "set_row_security": _exclusive,
    "change_owner": _exclusive,
    "of_type": _exclusive,
    "set_schema": _exclusive,
    "enable_trigger": _share_row,
    "disable_trigger": _share_row,
    "enable_rule": _exclusive,
    "disable_rule": _exclusive,
    "set_table_options": _set_options,
    "inherit": _inherit,
    "no_inherit": _no_inherit,
    "attach_partition": _attach,
    "attach_index_partition": _attach_index,
    "detach_partition": _detach,
    "rename_table": _exclusive,
    "rename_view": _exclusive,
    "rename_sequence": _exclusive,
}
