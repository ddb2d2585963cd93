"""Add UNIQUE: in contract, for old versions may still write duplicates; its index is built while everybody works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import built_index
from zdmigrate.recipes.parts.definitions import constraint_sql, key_parts, listed_columns
from zdmigrate.recipes.parts.partitioned_keys import partitioned_key
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddUnique

OPERATIONS = ("add_unique",)
MEANWHILE = ("may still write duplicates", "writes none, and does not name the key in ON CONFLICT")


def recipe(operation: AddUnique, ground: Ground) -> Phased:
    table, constraint = ground.table(operation.relation), operation.constraint
    if table.partitioned and constraint.using_index is not None:
        raise ground.refusal(
            f"{table.name} is partitioned, and its constraints have no USING INDEX",
            "name the columns: ADD UNIQUE (...); rewrite makes it of each partition's index",
        )
    why = "The index is there: the catalog alone changes."
    alter = f"ALTER TABLE {ground.spelled(table.name)} ADD CONSTRAINT"
    if constraint.using_index is not None:
        key = (
            f"{spelled(constraint.name or constraint.using_index)} UNIQUE USING INDEX {spelled(constraint.using_index)}"
        )
        return Phased(table=table.name, expand=(Said(why, f"{alter} {key}"),))
    written = constraint_sql(constraint, ground.text[constraint.span.start : constraint.span.end])
    parts = key_parts(written)
    name = constraint.name or ground.free(table.name, "_".join(listed_columns(parts.built)), "key")
    ground.claim(table.name, name)
    if table.partitioned:
        return Phased(
            table=table.name,
            notes=(f"{name} holds from contract on: versions that write duplicates have to be gone by then.",),
            contract=partitioned_key(table, name, written, ground),
        )
    return Phased(
        table=table.name,
        notes=(f"{name} holds from contract on: versions that write duplicates have to be gone by then.",),
        contract=built_index(table, name, parts.built, ground, unique=True),
        removal=(Said(why, f"{alter} {spelled(name)} UNIQUE USING INDEX {spelled(name)}{parts.deferrable}"),),
    )
