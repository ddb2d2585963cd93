"""Validate a constraint: by itself, behind its ADD; what this file adds in contract is proven there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import ValidateConstraint

OPERATIONS = ("validate_constraint",)
_READS = "Reads the rows under SHARE UPDATE EXCLUSIVE, which stops neither readers nor writers."


def recipe(operation: ValidateConstraint, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    if operation.name not in table.constraints:
        raise ground.refusal(f"{table.name} has no constraint {operation.name}")
    change = f"ALTER TABLE {ground.spelled(table.name)} VALIDATE CONSTRAINT {spelled(operation.name)}"
    if Name(table.name.schema, operation.name) in ground.names.given:
        return Phased(table=table.name, contract=(Said(_READS, change),))
    return Phased(
        table=table.name,
        notes=(f"{operation.name} holds for new rows already; a revert leaves it proven for the others, too.",),
        filled=(Said(_READS, change),),
    )
