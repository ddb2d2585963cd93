"""Drop a table: in contract; foreign keys first, one by one, for each locks another table as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropTable

OPERATIONS = ("drop_table",)
MEANWHILE = ("reads and writes the table", "does not use the table")


def recipe(operation: DropTable, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    ground.refuse_hanging(ground.furniture.on(table.name, None, "view"), "it would refuse the drop", "drop it above")
    own = [(table, each) for each in table.constraints.values() if each.type == "foreign_key"]
    pointing = [(other, each) for other, each in ground.furniture.catalog.references_to(table.name) if other != table]
    if pointing and not operation.cascade:
        other, key = pointing[0]
        raise ground.refusal(f"{key.name} of {other.name} points at {table.name}", f"drop {key.name} above")
    return Phased(
        table=table.name,
        notes=(f"{table.name.name} goes: the new version does not use it, contract drops it.",),
        contract=tuple(
            Said(
                f"One by one: with it, {key.references.name if other == table and key.references else table.name.name} "
                "is locked for a moment, too.",
                f"ALTER TABLE {ground.spelled(other.name)} DROP CONSTRAINT {spelled(key.name)}",
            )
            for other, key in (*own, *pointing)
        ),
        removal=(Said("", f"DROP TABLE {ground.spelled(table.name)}"),),
    )
