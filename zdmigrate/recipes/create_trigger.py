"""Create a trigger in expand, where it fires for old versions' writes, too; change one in contract, in one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import CreateTrigger

OPERATIONS = ("create_trigger",)
MEANWHILE = ("its writes fire a new trigger; one that changes does what it did", "the same")


def recipe(operation: CreateTrigger, ground: Ground) -> Phased:
    assert operation.relation is not None
    catalog, text = ground.furniture.catalog, ground.text_of(operation)
    table = catalog.resolve(operation.relation)
    known = catalog.tables.get(table)
    there = known is not None and operation.name in known.triggers
    if there or (f"trigger {operation.name}", table) in ground.names.leaving:
        return Phased(
            table=table,
            notes=(f"The trigger {operation.name} changes in contract: until then it does what it did.",),
            removal=(Said("", text),),
        )
    if operation.replace and not (ground.furniture.live or (known is not None and known.complete)):
        raise ground.refusal(
            f"nothing says whether {table} has a trigger {operation.name}, which this would change at once",
            "name the database with --dsn, or leave OR REPLACE out",
        )
    return Phased(
        table=table,
        notes=(f"The trigger {operation.name} fires from expand on, for what old versions write, too.",),
        expand=(Said("Stops writers for a moment, and reads no row.", text),),
        revert=(Said("", f"DROP TRIGGER IF EXISTS {spelled(operation.name)} ON {ground.spelled(table)}"),),
    )
