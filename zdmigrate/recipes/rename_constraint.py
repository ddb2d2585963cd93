"""Rename a constraint: in contract, for ON CONFLICT ON CONSTRAINT and SET CONSTRAINTS of old versions name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameConstraint

OPERATIONS = ("rename_constraint",)
MEANWHILE = ("names the constraint as it was", "names it neither way")


def recipe(operation: RenameConstraint, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    if operation.name not in table.constraints:
        raise ground.refusal(f"{table.name} has no constraint {operation.name}")
    change = f"RENAME CONSTRAINT {spelled(operation.name)} TO {spelled(operation.new_name)}"
    return Phased(
        table=table.name,
        notes=(
            f"{operation.name} has its new name from contract on: no version may name either before.",
            "ON CONFLICT with columns works throughout. Errors that tell it say the old name until then.",
        ),
        removal=(Said("No row is read.", f"ALTER TABLE {ground.spelled(table.name)} {change}"),),
    )
