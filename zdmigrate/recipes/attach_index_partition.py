"""Attach a partition's index to the one of its parent: as it is, for the tables are only looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.drop_index import gone
from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AttachIndexPartition

OPERATIONS = ("attach_index_partition",)


def recipe(operation: AttachIndexPartition, ground: Ground) -> Phased:
    assert operation.relation is not None
    whole = ground.furniture.catalog.resolve(operation.relation)
    index = ground.furniture.catalog.indexes.get(whole)
    above = ground.furniture.catalog.tables.get(index.table) if index else None
    attach = Said("No row is read.", f"ALTER INDEX {ground.spelled(whole)} {ground.text_of(operation)}")
    if whole in ground.names.late:
        return Phased(contract=(attach,))
    # attached, a part goes with the whole only: where this file has made that, a revert drops it first, and once
    undone = whole in ground.names.given and ("attached", whole) not in ground.names.leaving
    ground.names.leaving["attached", whole] = ""
    return Phased(filled=(attach,), revert=(gone(whole, above, ground, "IF EXISTS "),) if undone else ())
