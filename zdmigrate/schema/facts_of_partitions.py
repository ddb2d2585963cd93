"""The facts of operations that join a table to another, or part it: partitions and inheritance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.tables import default_partitions
from zdmigrate.schema.proofs import has_valid_check
from zdmigrate.schema.spelling import short_names, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts
    from zdmigrate.schema.names import Name


def _attach(operation: ops.AttachPartition, at: Situation) -> Facts:
    parent, child = at.name(operation), at.catalog.resolve(operation.partition)
    read = (*at.below(child), *default_partitions(parent, at, apart_from=child))
    unproven = [name for name in read if not (at.state.is_new(name) or has_valid_check(name, at.catalog))]
    return {**_other(operation.partition, at), "scanned": short_names(at.stored(unproven), at.catalog)}


def _detach(operation: ops.DetachPartition, at: Situation) -> Facts:
    return _other(operation.partition, at)


def _parent(operation: ops.Inherit, at: Situation) -> Facts:
    return _other(operation.parent, at)


def _create_table(operation: ops.CreateTable, at: Situation) -> Facts:
    parent = operation.partition_of
    return {} if parent is None else {**_other(parent, at), "partition": True}


def _other(name: Name, at: Situation) -> Facts:
    return {"other": spelled_name(name), "other_is_new": at.state.is_new(at.catalog.resolve(name))}


OWN_FACTS: dict[str, Callable[[Any, Situation], Facts]] = {
    "create_table": _create_table,
    "attach_partition": _attach,
    "detach_partition": _detach,
    "inherit": _parent,
    "no_inherit": _parent,
}
