"""Drop a constraint: a CHECK in expand, so that the new version may write past it; a key or reference in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint, labelled
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropConstraint

OPERATIONS = ("drop_constraint",)
MEANWHILE = (
    "reads what a dropped CHECK forbade, where the new version writes it",
    "may write past a CHECK, and not yet past a key or a reference",
)


def recipe(operation: DropConstraint, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    known = table.constraints.get(operation.name)
    if operation.cascade:
        raise ground.refusal("CASCADE drops what nobody has named", "drop what hangs on it by name, in the same file")
    if known is None:
        raise ground.refusal(f"{table.name} has no constraint {operation.name}")
    name, alter = spelled(operation.name), f"ALTER TABLE {ground.spelled(table.name)}"
    if known.type != "check":
        return Phased(
            table=table.name,
            notes=(f"{operation.name} goes in contract: until then, old versions rely on it.",),
            removal=(Said("", f"{alter} DROP CONSTRAINT {name}"),),
        )
    definition = next(
        each.sql for each in ground.furniture.on(table.name, None, "constraint") if each.name == known.name
    )
    labels = ground.furniture.on(table.name, None, "label")
    return Phased(
        table=table.name,
        notes=(f"{operation.name} goes in expand. A revert needs every row to satisfy it again.",),
        expand=(
            Said(
                "What old versions write satisfies it anyway; the new one may write more.",
                f"{alter} DROP CONSTRAINT {name}",
            ),
        ),
        revert=(
            Said("", f"{alter} DROP CONSTRAINT IF EXISTS {name}"),
            *added_constraint(table, known.name, definition, ground, valid=known.validated),
            *(Said("", labelled(each, table, ground)) for each in labels if each.name == known.name),
        ),
    )
