"""Add a CHECK: in contract, for old versions may still write what it forbids; then looked through by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.definitions import constraint_sql
from zdmigrate.recipes.parts.phased import Phased
from zdmigrate.schema.constraints import constraint_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddCheck

OPERATIONS = ("add_check",)
MEANWHILE = ("may still write what the CHECK forbids", "writes what it allows")


def recipe(operation: AddCheck, ground: Ground) -> Phased:
    table, constraint = ground.table(operation.relation), operation.constraint
    name = ground.claim(table.name, constraint_name(constraint, table, ground.furniture.catalog))
    definition = constraint_sql(constraint, ground.text[constraint.span.start : constraint.span.end])
    return Phased(
        table=table.name,
        notes=(f"{name} holds from contract on: versions that write what it forbids have to be gone by then.",),
        contract=added_constraint(table, name, definition, ground, valid=not constraint.not_valid),
    )
