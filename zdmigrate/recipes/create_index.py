"""Create an index: CONCURRENTLY; on a partitioned table, on each partition, and then attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import built_index, dropped_index
from zdmigrate.recipes.parts.definitions import index_columns, index_sql
from zdmigrate.recipes.parts.phased import Phased

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import CreateIndex
    from zdmigrate.schema.relations import Table

OPERATIONS = ("create_index",)


def recipe(operation: CreateIndex, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    definition = index_sql(ground.text_of(operation))
    # without a name, the one that the server gives: a resumed run could not find it again otherwise
    name = ground.claim(table.name, operation.name) if operation.name else _name(table, definition, ground)
    built = built_index(table, name, definition, ground, unique=operation.unique)
    if operation.unique:
        return Phased(
            table=table.name,
            notes=(f"{name} is unique: versions that write duplicates have to be gone before contract.",),
            contract=built,
        )
    return Phased(table=table.name, filled=built, revert=dropped_index(table, name, ground))


def _name(table: Table, definition: str, ground: Ground) -> str:
    return ground.free(table.name, "_".join(index_columns(definition)), "idx")
