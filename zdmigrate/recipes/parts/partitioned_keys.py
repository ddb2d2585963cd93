"""UNIQUE of a partitioned table, which takes no USING INDEX: made in each partition, and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import built_index
from zdmigrate.recipes.parts.definitions import key_parts, listed_columns
from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.relations import Table

_EMPTY = "zdmigrate: allow add-unique-constraint because of the parent alone no row is read, and nothing is built"


def partitioned_unique(table: Table, name: str, definition: str, ground: Ground) -> tuple[Step, ...]:
    """The constraint of a table and of all that is below it; valid once every partition's is attached."""
    key, parts = f"ADD CONSTRAINT {spelled(name)}", key_parts(definition)
    if not table.partitioned:
        using = f"ALTER TABLE {ground.spelled(table.name)} {key} UNIQUE USING INDEX {spelled(name)}{parts.deferrable}"
        take = Said("The index is there: the catalog alone changes.", using)
        return (*built_index(table, name, parts.built, ground, unique=True), take)
    below = [ground.furniture.catalog.tables[child] for child in table.children]
    columns = "_".join(listed_columns(parts.built))
    names = [ground.free(each.name, columns, "key") for each in below]
    pieces = list(zip(below, names, strict=True))
    whole = ground.beside(table.name, name)
    attached = [
        Said("", f"ALTER INDEX {whole} ATTACH PARTITION {ground.beside(each.name, part)}") for each, part in pieces
    ]
    made = Said(_EMPTY, f"ALTER TABLE ONLY {ground.spelled(table.name)} {key} {definition}")
    return (
        *(step for each, part in pieces for step in partitioned_unique(each, part, definition, ground)),
        Together("Every partition has it already: no row is read.", (made, *attached)),
    )
