"""Set or change a default: in expand, at no cost; old versions that leave the column out get the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import SetDefault
    from zdmigrate.schema.relations import Table

OPERATIONS = ("set_default",)
MEANWHILE = ("has the new default where it leaves the column out", "the same")


def recipe(operation: SetDefault, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    column = ground.column(table, operation.column)
    new = ground.names.copied.get((table.name, column.name))
    if new is not None:
        return _of_a_copy(operation, table, new, ground)
    change = f"ALTER TABLE {ground.spelled(table.name)} ALTER COLUMN {spelled(column.name)}"
    back = f"SET DEFAULT {column.default.sql}" if column.default else "DROP DEFAULT"
    return Phased(
        table=table.name,
        notes=(f"{table.name.name}.{column.name} has its new default from expand on, for old versions, too.",),
        expand=(Said("Holds for rows to come: no row is read.", f"{change} SET DEFAULT {operation.default.sql}"),),
        revert=(Said("", f"{change} {back}"),),
    )


def _of_a_copy(operation: SetDefault, table: Table, new: str, ground: Ground) -> Phased:
    """As long as the trigger is there, a default would hide what an old version writes: in contract, behind it."""
    olds = {old for done in ground.names.done for part in done.parts for old, to in part.moved.items() if to == new}
    for old in olds:  # the old one's default is not carried
        ground.names.leaving["default", Thing("default", table.name, (old,))] = ""
    change = f"ALTER TABLE {ground.spelled(table.name)} ALTER COLUMN {spelled(new)}"
    return Phased(
        table=table.name,
        notes=(
            f"{table.name.name}.{new} has its default from contract on: until then, the new version gives a value.",
        ),
        removal=(Said("", f"{change} SET DEFAULT {operation.default.sql}"),),
    )
