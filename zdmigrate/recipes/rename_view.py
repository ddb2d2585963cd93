"""Rename a view: the new name is a view of the old one until no live version knows that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.definitions import granted_on
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameView

OPERATIONS = ("rename_view",)
MEANWHILE = ("reads the view by its old name", "reads it by its new name")


def recipe(operation: RenameView, ground: Ground) -> Phased:
    old = ground.furniture.catalog.resolve(operation.relation) if operation.relation else None
    view = ground.furniture.catalog.views.get(old) if old else None
    if old is None or view is None:
        raise ground.refusal(f"nothing says how the view {operation.relation} was made", "name the database with --dsn")
    if view.materialized:
        raise ground.refusal(f"{old} is a materialized view: a view of it cannot be refreshed", "make a new one")
    said = ground.furniture.texts.of(Thing("view", old))[1:]
    granted = [each for each in said if each.lower().startswith("grant")]
    # who sees no row through the old one sees none through the new one; below 15 there is no such thing
    invoker = " WITH (security_invoker = true)" if ground.major >= 15 else ""
    new = ground.beside(old, operation.new_name)
    return Phased(
        table=old,
        notes=(f"The view {old.name} becomes {operation.new_name}: until contract, versions may use either.",),
        expand=(
            Said(
                "The new name, as a view of the old one.",
                f"CREATE VIEW {new}{invoker} AS SELECT * FROM {ground.spelled(old)}",
            ),
            *(Said("", granted_on(each, new)) for each in granted),
        ),
        removal=(
            Said("", f"DROP VIEW {new}"),
            Said("", f"ALTER VIEW {ground.spelled(old)} RENAME TO {spelled(operation.new_name)}"),
        ),
        revert=(Said("", f"DROP VIEW IF EXISTS {new}"),),
    )
