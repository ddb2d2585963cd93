"""Publish a table in expand, and take it out of a publication in contract.

A table without a primary key and another replica identity refuses UPDATE and DELETE once it is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import PublishTable

OPERATIONS = ("publish_table",)


def recipe(operation: PublishTable, ground: Ground) -> Phased:
    if operation.relation is not None and not operation.dropped:
        _refuse_without_key(operation, ground)
    if not ground.begins(operation):
        return Phased()
    text, created = ground.text_of(operation), ground.text_of(operation).split()[0].lower() == "create"
    if operation.dropped:
        return Phased(
            notes=(f"The publication {operation.name} loses tables in contract: until then subscribers get them.",),
            contract=(Said("", text),),
        )
    revert = (Said("", f"DROP PUBLICATION IF EXISTS {spelled(operation.name)}"),) if created else ()
    notes = () if created else (f"A revert leaves the tables in the publication {operation.name}.",)
    return Phased(notes=notes, expand=(Said("", text),), revert=revert)


def _refuse_without_key(operation: PublishTable, ground: Ground) -> None:
    table = ground.furniture.catalog.table(operation.relation)
    if table is None or not (table.complete or ground.furniture.live):
        return
    labels = ground.furniture.on(table.name, None, "label")
    keyed = any(each.type == "primary_key" for each in table.constraints.values())
    if not keyed and not any(each.type.startswith("REPLICA") for each in labels):
        raise ground.refusal(
            f"{table.name} has no primary key: once it is published, UPDATE and DELETE of every version fail",
            f"ALTER TABLE {ground.spelled(table.name)} REPLICA IDENTITY USING INDEX ...; in a change before, or a "
            "primary key",
        )
