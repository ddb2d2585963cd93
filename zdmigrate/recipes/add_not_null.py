"""Add NOT NULL as a constraint that has a name (18): NOT VALID at first, then proven; in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint
from zdmigrate.recipes.parts.definitions import constraint_sql
from zdmigrate.recipes.parts.phased import Phased
from zdmigrate.schema.constraints import constraint_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddNotNull

OPERATIONS = ("add_not_null",)
MEANWHILE = ("may still write NULL", "writes no NULL")


def recipe(operation: AddNotNull, ground: Ground) -> Phased:
    table, constraint = ground.table(operation.relation), operation.constraint
    if ground.major < 18:
        raise ground.refusal(
            "NOT NULL as a constraint is of 18, and zdmigrate is told that an older server is to take it",
            f"ALTER TABLE {ground.spelled(table.name)} ALTER COLUMN ... SET NOT NULL; or --postgres 18",
        )
    name = ground.claim(table.name, constraint_name(constraint, table, ground.furniture.catalog))
    definition = constraint_sql(constraint, ground.text[constraint.span.start : constraint.span.end])
    return Phased(
        table=table.name,
        notes=(f"{name} holds from contract on: versions that write NULL have to be gone by then.",),
        contract=added_constraint(table, name, definition, ground, valid=not constraint.not_valid),
    )
