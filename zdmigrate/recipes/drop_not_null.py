"""Drop NOT NULL: in expand, so that the new version may write NULL; old versions have to bear reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import proven_not_null
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import DropNotNull

OPERATIONS = ("drop_not_null",)
MEANWHILE = ("reads NULL where the new version writes it", "may write NULL")


def recipe(operation: DropNotNull, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    told, alter = f"{table.name.name}.{operation.column}", f"ALTER TABLE {ground.spelled(table.name)}"
    proof, mark = proven_not_null(table, operation.column, ground)
    return Phased(
        table=table.name,
        notes=(f"{told} may be NULL from expand on, for old readers, too. A revert needs every NULL gone.",),
        expand=(Said("No row is read.", f"{alter} ALTER COLUMN {spelled(operation.column)} DROP NOT NULL"),),
        revert=(*proof, *mark),
    )
