"""UPDATE, DELETE and INSERT ... SELECT: a backfill, which runs in batches; it has to be repeatable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.backfills import is_repeatable_update
from zdmigrate.schema.operations import Delete, Insert

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Update

OPERATIONS = ("update", "delete", "insert")
MEANWHILE = ("reads and writes as ever; what it writes after the backfill stays as it is", "finds the rows changed")
_KEPT = "Rows that this changes are not changed back by a revert."


def recipe(operation: Update | Delete | Insert, ground: Ground) -> Phased:
    if not isinstance(operation, Delete) and operation.assigned_twice:
        twice = ", ".join(operation.assigned_twice)
        raise ground.refusal(f"{twice} is given twice: PostgreSQL refuses the statement", "keep one of the two")
    if isinstance(operation, Insert) and not operation.from_query:
        return Phased(table=None, filled=(Said("", ground.text_of(operation)),), notes=(_KEPT,))
    _refuse_once_only(operation, ground)
    return Phased(
        backfill=(Said("Written as for the whole table; it runs in batches.", ground.text_of(operation)),),
        notes=(_KEPT,),
    )


def _refuse_once_only(operation: Update | Delete | Insert, ground: Ground) -> None:
    """Raise CannotRewrite for what is not harmless when it meets a row twice: a row that is updated may move on."""
    if isinstance(operation, Delete):
        return
    if isinstance(operation, Insert):
        if operation.on_conflict != "nothing":
            raise ground.refusal(
                "batches meet some rows twice, and this INSERT would insert them twice",
                "INSERT ... SELECT ... ON CONFLICT DO NOTHING, with a unique index of what tells the rows",
            )
    elif not is_repeatable_update(operation, ground.furniture.catalog):
        raise ground.refusal(
            "batches meet some rows twice, and this UPDATE does not leave them as the first time did",
            "let WHERE tell which rows are done (... AND done IS NULL), or write the result into a column of its own",
        )
