"""Add a foreign key: in contract, for old versions may still write what it forbids; then looked through by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.definitions import constraint_sql
from zdmigrate.recipes.parts.partitioned_keys import partitioned_reference
from zdmigrate.recipes.parts.phased import Phased
from zdmigrate.schema.constraints import constraint_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddForeignKey

OPERATIONS = ("add_foreign_key",)
MEANWHILE = ("may still write references to nothing", "refers to rows that are there")


def recipe(operation: AddForeignKey, ground: Ground) -> Phased:
    table, constraint = ground.table(operation.relation), operation.constraint
    name = ground.claim(table.name, constraint_name(constraint, table, ground.furniture.catalog))
    definition = constraint_sql(constraint, ground.text[constraint.span.start : constraint.span.end])
    if table.partitioned and ground.major < 18:
        steps = partitioned_reference(table, name, definition, ground)
    else:
        steps = added_constraint(table, name, definition, ground, valid=not constraint.not_valid)
    return Phased(
        table=table.name,
        notes=(f"{name} holds from contract on: versions that write what it forbids have to be gone by then.",),
        contract=steps,
    )
