"""Drop a default: in contract, for old versions leave the column out and rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropDefault

OPERATIONS = ("drop_default",)
MEANWHILE = ("leaves the column out, and has the default", "gives the column a value itself")


def recipe(operation: DropDefault, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    ground.names.leaving["default", Thing("default", table.name, (operation.column,))] = ""
    change = f"ALTER TABLE {ground.spelled(table.name)} ALTER COLUMN {spelled(operation.column)} DROP DEFAULT"
    return Phased(
        table=table.name,
        notes=(f"The default of {table.name.name}.{operation.column} goes in contract: old versions rely on it.",),
        removal=(Said("", change),),
    )
