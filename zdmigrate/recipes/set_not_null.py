"""Set NOT NULL: proven while everybody works, in contract, because old versions may still write NULL until then.

With ``--fill VALUE`` old NULLs get the value, and what old versions leave NULL gets it from a trigger until contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import SetNotNull

OPERATIONS = ("set_not_null",)


def recipe(operation: SetNotNull, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    column, alter = spelled(operation.column), f"ALTER TABLE {ground.spelled(table.name)}"
    name = ground.free(table.name, operation.column, "filled")
    told = f"{table.name.name}.{operation.column}"
    return Phased(
        table=table.name,
        notes=(f"{told} becomes NOT NULL: versions that still write NULL have to be gone before contract.",),
        contract=added_constraint(table, name, f"CHECK ({column} IS NOT NULL)", ground),
        removal=(
            Said("The CHECK has proven it: no row is read.", f"{alter} ALTER COLUMN {column} SET NOT NULL"),
            Said("", f"{alter} DROP CONSTRAINT {spelled(name)}"),
        ),
    )
