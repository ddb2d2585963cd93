"""Rename a view, or move it to another schema: the new name is a view of it until no live version knows the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.definitions import granted_on
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled, spelled_name

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameView

OPERATIONS = ("rename_view",)
MEANWHILE = ("reads the view by its old name", "reads it by its new name")


def recipe(operation: RenameView, ground: Ground) -> Phased:
    old = ground.furniture.catalog.resolve(operation.relation) if operation.relation else None
    if old is None or old not in ground.furniture.catalog.views:
        raise ground.refusal(f"nothing says how the view {operation.relation} was made", "name the database with --dsn")
    new = Name(old.schema, operation.new_name)
    return under_both_names(old, new, f"RENAME TO {spelled(operation.new_name)}", ground)


def under_both_names(old: Name, new: Name, change: str, ground: Ground) -> Phased:
    """A view's two names until contract, which does the ``change``. Raises CannotRewrite for a materialized one."""
    if ground.furniture.catalog.views[old].materialized:
        raise ground.refusal(f"{old} is a materialized view: a view of it cannot be refreshed", "make a new one")
    if ground.furniture.catalog.has(new):
        raise ground.refusal(f"there is a relation {new} already")
    said = ground.furniture.texts.of(Thing("view", old))[1:]
    granted = [each for each in said if each.lower().startswith("grant")]
    # who sees no row through the old one sees none through the new one; below 15 there is no such thing
    invoker = " WITH (security_invoker = true)" if ground.major >= 15 else ""
    moved = new.schema != old.schema
    view = spelled_name(new) if moved else ground.beside(old, new.name)
    return Phased(
        table=old,
        notes=(f"The view {old.name} becomes {new if moved else new.name}: until contract, versions may use either.",),
        expand=(
            Said(
                "The new name, as a view of the old one.",
                f"CREATE VIEW {view}{invoker} AS SELECT * FROM {ground.spelled(old)}",
            ),
            *(Said("", granted_on(each, view)) for each in granted),
        ),
        removal=(
            Said("", f"DROP VIEW {view}"),
            Said("", f"ALTER VIEW {ground.spelled(old)} {change}"),
        ),
        revert=(Said("", f"DROP VIEW IF EXISTS {view}"),),
    )
