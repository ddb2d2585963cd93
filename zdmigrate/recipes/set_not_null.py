"""Set NOT NULL: proven while everybody works, in contract, because old versions may still write NULL until then.

The proof is a CHECK that is validated, and dropped again; from 18 on it is NOT NULL itself, NOT VALID at first.

With ``--fill VALUE`` old NULLs get the value, and what old versions leave NULL gets it from a trigger until contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import proven_not_null
from zdmigrate.recipes.parts.filling import Filling
from zdmigrate.recipes.parts.phased import Phased

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import SetNotNull

OPERATIONS = ("set_not_null",)
MEANWHILE = ("may still write NULL, which `--fill` turns into a value", "writes no NULL")


def recipe(operation: SetNotNull, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    proof, mark = proven_not_null(table, operation.column, ground)
    told = f"{table.name.name}.{operation.column}"
    value = ground.answers.of("fill", table.name.name, operation.column)
    if value is None:
        return Phased(
            table=table.name,
            notes=(
                f"{told} becomes NOT NULL: versions that still write NULL have to be gone before contract.",
                f"Where a row of {table.name.name} holds NULL, contract stops there; --fill VALUE fills it.",
            ),
            contract=proof,
            removal=mark,
        )
    filling = Filling(table.name, operation.column, value, ground.column(table, operation.column).type, ground)
    return Phased(
        table=table.name,
        notes=(
            f"{told} becomes NOT NULL: where old versions leave it NULL, it is {value}, until contract by a trigger.",
        ),
        expand=filling.begin(),
        backfill=(filling.backfill(),),
        contract=proof,
        removal=(*filling.end(), *mark),
        undoing=filling.end("IF EXISTS "),
    )
