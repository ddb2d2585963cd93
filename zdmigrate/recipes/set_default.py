"""Set or change a default: in expand, at no cost; old versions that leave the column out get the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import SetDefault

OPERATIONS = ("set_default",)
MEANWHILE = ("has the new default where it leaves the column out", "the same")


def recipe(operation: SetDefault, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    column = ground.column(table, operation.column)
    change = f"ALTER TABLE {ground.spelled(table.name)} ALTER COLUMN {spelled(column.name)}"
    back = f"SET DEFAULT {column.default.sql}" if column.default else "DROP DEFAULT"
    return Phased(
        table=table.name,
        notes=(f"{table.name.name}.{column.name} has its new default from expand on, for old versions, too.",),
        expand=(Said("Holds for rows to come: no row is read.", f"{change} SET DEFAULT {operation.default.sql}"),),
        revert=(Said("", f"{change} {back}"),),
    )
