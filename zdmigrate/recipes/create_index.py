"""Create an index: CONCURRENTLY; on a partitioned table, on each partition, and then attached.

One that takes the name of another, dropped above, is built under a name of its own, and gets the name in contract, when
the other is gone. A unique one forbids what old versions may write: it comes in contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.drop_index import gone
from zdmigrate.recipes.parts.building import built_index, dropped_index
from zdmigrate.recipes.parts.definitions import index_columns, index_sql
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.operations import CreateIndex
    from zdmigrate.schema.relations import Table

OPERATIONS = ("create_index",)
MEANWHILE = (
    "reads and writes as ever; what is to be unique, it may still write twice",
    "reads and writes as ever; what is to be unique, it writes once",
)


def recipe(operation: CreateIndex, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    definition = index_sql(ground.text_of(operation))
    # without a name, the one that the server gives: a resumed run could not find it again otherwise
    name = ground.claim(table.name, operation.name) if operation.name else _name(table, definition, ground)
    replaces = ("index", Name(table.name.schema, name)) in ground.names.leaving
    built = _name(table, definition, ground) if replaces else name
    steps = _built(operation, table, built, definition, ground)
    renamed = _renamed(table, built, name, ground) if replaces else ()
    if operation.unique:
        ground.names.late.add(Name(table.name.schema, name))
        return Phased(
            table=table.name,
            notes=(f"{name} is unique: versions that write duplicates have to be gone before contract.",),
            contract=(*steps, *renamed),
        )
    whole = Name(table.name.schema, built)
    undone = _undone(whole, table, ground) if operation.only else dropped_index(table, built, ground)
    return Phased(table=table.name, filled=steps, contract=renamed, revert=undone)


def _undone(whole: Name, table: Table, ground: Ground) -> tuple[Said, ...]:
    """Of an index ON ONLY: what the file attaches to it has to be free of it before it goes itself."""
    operations = (each for statement in read_script(ground.text).statements for each in statement.operations)
    attached = [each.relation for each in operations if each.kind == "attach_index_partition" and each.relation]
    above = any(ground.furniture.catalog.resolve(each).name == whole.name for each in attached)
    return () if above else (gone(whole, table, ground, "IF EXISTS "),)


def _name(table: Table, definition: str, ground: Ground) -> str:
    return ground.free(table.name, "_".join(index_columns(definition)), "idx")


def _built(operation: CreateIndex, table: Table, name: str, definition: str, ground: Ground) -> tuple[Step, ...]:
    if operation.only:
        return (Said("On the parent alone it is a name without rows: no row is read.", ground.text_of(operation)),)
    return built_index(table, name, definition, ground, unique=operation.unique)


def _renamed(table: Table, built: str, name: str, ground: Ground) -> tuple[Step, ...]:
    """The old one goes when the new one is there."""
    rename = f"ALTER INDEX {ground.beside(table.name, built)} RENAME TO {spelled(name)}"
    return (gone(Name(table.name.schema, name), table, ground), Said("No query names an index.", rename))
