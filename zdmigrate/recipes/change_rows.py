"""UPDATE, DELETE and INSERT ... SELECT: a backfill, which runs in batches; it has to be repeatable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Delete, Insert, Update

OPERATIONS = ("update", "delete", "insert")


def recipe(operation: Update | Delete | Insert, ground: Ground) -> Phased:
    if operation.kind == "insert" and not getattr(operation, "from_query", False):
        return Phased(table=None, filled=(Said("", ground.text_of(operation)),), notes=(_KEPT,))
    return Phased(
        backfill=(Said("Written as for the whole table; it runs in batches.", ground.text_of(operation)),),
        notes=(_KEPT,),
    )


_KEPT = "Rows that this changes are not changed back by a revert."
