"""Add a primary key: its index is built, and its NOT NULL proven, while everybody works; contract takes both over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import built_index, proven_not_null
from zdmigrate.recipes.parts.definitions import constraint_sql, key_parts
from zdmigrate.recipes.parts.partitioned_keys import partitioned_key
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.constraints import constraint_name
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddPrimaryKey

OPERATIONS = ("add_primary_key",)
_NOTE = "{} holds from contract on: versions that write NULL or duplicates have to be gone by then."
MEANWHILE = ("may still write NULL and duplicates", "writes neither, and does not name the key in ON CONFLICT")


def recipe(operation: AddPrimaryKey, ground: Ground) -> Phased:
    table, constraint = ground.table(operation.relation), operation.constraint
    if table.partitioned and constraint.using_index is not None:
        raise ground.refusal(
            f"{table.name} is partitioned, and its constraints have no USING INDEX",
            "name the columns: ADD PRIMARY KEY (...); rewrite makes it of each partition's index",
        )
    if constraint.using_index is not None:
        index = ground.furniture.catalog.index(Name(table.name.schema, constraint.using_index))
        constraint = constraint.changed(columns=index.columns if index else ())
    name = ground.claim(table.name, constraint_name(constraint, table, ground.furniture.catalog))
    written = constraint_sql(constraint, ground.text[constraint.span.start : constraint.span.end])
    parts = key_parts(written)
    nullable = [column for column in constraint.columns if not ground.column(table, column).not_null]
    halves = [proven_not_null(table, column, ground) for column in nullable]
    if table.partitioned:
        proven = (step for proof, mark in halves for step in (*proof, *mark))
        return Phased(
            table=table.name,
            notes=(_NOTE.format(name),),
            contract=(*proven, *partitioned_key(table, name, written, ground, primary=True)),
        )
    built = () if constraint.using_index else built_index(table, name, parts.built, ground, unique=True)
    add = f"ADD CONSTRAINT {spelled(name)} PRIMARY KEY USING INDEX {spelled(constraint.using_index or name)}"
    marks = [mark for _, mark in halves]
    return Phased(
        table=table.name,
        notes=(_NOTE.format(name),),
        contract=(*(step for proof, _ in halves for step in proof), *built),
        removal=(
            *(said for mark in marks for said in mark[:1]),
            Said(
                "Index and NOT NULL are there: the catalog alone changes.",
                f"ALTER TABLE {ground.spelled(table.name)} {add}{parts.deferrable}",
            ),
            *(said for mark in marks for said in mark[1:]),
        ),
    )
