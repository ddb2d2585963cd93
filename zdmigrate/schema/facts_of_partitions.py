"""The facts of operations that join a table to another, or part it: partitions and inheritance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.effects.tables import read_to_attach
from zdmigrate.schema.spelling import short_names, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.fact_table import Facts
    from zdmigrate.schema.names import Name


def _attach(operation: ops.AttachPartition, at: Situation) -> Facts:
    unproven = [name for name in read_to_attach(operation, at) if not at.state.is_new(name)]
    return {**_other(operation.partition, at), "scanned": short_names(at.stored(unproven), at.catalog)}


def _detach(operation: ops.DetachPartition, at: Situation) -> Facts:
    return _other(operation.partition, at)


def _parent(operation: ops.Inherit, at: Situation) -> Facts:
    return _other(operation.parent, at)


def _create_table(operation: ops.CreateTable, at: Situation) -> Facts:
    parent = operation.partition_of
    made = {} if parent is None else _other(parent, at)
    keys = (*operation.constraints, *(kept for column in operation.columns for kept in column.constraints))
    targets = (key.references for key in keys if key.references not in (None, operation.relation))
    return {
        **made,
        "targets": _old(targets, at),
        "reads": _old(operation.sources, at),
    }


FOUND_ALONE: dict[str, Callable[[ops.CreateTable, Situation], bool]] = {
    "partition": lambda operation, _at: operation.partition_of is not None,
    "temporary": lambda operation, _at: operation.persistence == "temporary",
}


def _old(names: Iterable[Name], at: Situation) -> str:
    """Those that are known, or not made by this change; what a query reads may also be a function's name."""
    return short_names((found for name in names if not at.state.is_new(found := at.catalog.resolve(name))), at.catalog)


def _other(name: Name, at: Situation) -> Facts:
    return {"other": spelled_name(name), "other_is_new": at.state.is_new(at.catalog.resolve(name))}


OWN_FACTS: dict[str, Callable[[Any, Situation], Facts]] = {
    "create_table": _create_table,
    "attach_partition": _attach,
    "detach_partition": _detach,
    "inherit": _parent,
    "no_inherit": _parent,
}
