"""Drop an index: concurrently, and in contract, for old versions' queries may need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropIndex

OPERATIONS = ("drop_index",)


def recipe(operation: DropIndex, ground: Ground) -> Phased:
    assert operation.relation is not None
    catalog = ground.furniture.catalog
    name = catalog.resolve(operation.relation)
    index = catalog.indexes.get(name)
    table = catalog.tables.get(index.table) if index else None
    # a partitioned table's has no concurrent form, and is a name without rows: its partitions' go with it
    concurrently = "" if table is not None and table.partitioned else "CONCURRENTLY "
    there = "IF EXISTS " if operation.if_exists else ""
    return Phased(
        table=index.table if index else None,
        notes=(f"The index {name.name} goes in contract: until then, old versions' queries have it.",),
        contract=(
            Said("CONCURRENTLY: nobody waits for it.", f"DROP INDEX {concurrently}{there}{ground.spelled(name)}"),
        ),
    )
