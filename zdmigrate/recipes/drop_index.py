"""Drop an index: concurrently, and in contract, for old versions' queries may need it.

Where the same file makes another of the name, ``create_index`` drops it, once that one is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.operations import CreateIndex
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import DropIndex
    from zdmigrate.schema.relations import Table

OPERATIONS = ("drop_index",)
MEANWHILE = ("its queries have the index", "its queries need no index")


def recipe(operation: DropIndex, ground: Ground) -> Phased:
    assert operation.relation is not None
    catalog = ground.furniture.catalog
    name = catalog.resolve(operation.relation)
    index = catalog.indexes.get(name)
    table = catalog.tables.get(index.table) if index else None
    if index is not None and index.constraint is not None:
        raise ground.refusal(
            f"{name.name} is the index of a constraint, and goes with it",
            f"ALTER TABLE {ground.spelled(index.table)} DROP CONSTRAINT {spelled(index.constraint)}",
        )
    ground.names.leaving["index", name] = ""
    if _is_made_again(operation, name, ground):
        return Phased()
    return Phased(
        table=index.table if index else None,
        notes=(f"The index {name.name} goes in contract: until then, old versions' queries have it.",),
        contract=(gone(name, table, ground, there="IF EXISTS " if operation.if_exists else ""),),
    )


def gone(name: Name, table: Table | None, ground: Ground, there: str = "") -> Said:
    """A partitioned table's has no concurrent form, and is a name without rows: its partitions' go with it."""
    if table is not None and table.partitioned:
        allowed = "zdmigrate: allow drop-index-not-concurrent because a partitioned index has no other form"
        return Said(f"No row is read.\n{allowed}", f"DROP INDEX {there}{ground.spelled(name)}")
    return Said("CONCURRENTLY: nobody waits for it.", f"DROP INDEX CONCURRENTLY {there}{ground.spelled(name)}")


def _is_made_again(dropped: DropIndex, name: Name, ground: Ground) -> bool:
    """Whether the file makes another index of the name, below."""
    for statement in read_script(ground.text).statements:
        for operation in statement.operations if statement.span.start > dropped.span.end else ():
            if isinstance(operation, CreateIndex) and operation.name == name.name:
                return ground.furniture.catalog.resolve(operation.relation or name).schema == name.schema
    return False
