"""Create a view in expand; with OR REPLACE only columns at its end are new, and old versions read what they read.

PostgreSQL refuses every other change of a view's columns, and a view that is dropped and made anew is missed by old
versions, or gives them other columns: that is a view with a name of its own, and the old one goes in contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.texts import Thing

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import CreateView

OPERATIONS = ("create_view",)
MEANWHILE = ("reads the columns that it read", "reads the view with its new columns")


def recipe(operation: CreateView, ground: Ground) -> Phased:
    assert operation.relation is not None
    text, name = ground.text_of(operation), ground.furniture.catalog.new_name(operation.relation)
    if ("view", name) in ground.names.leaving:
        raise ground.refusal(
            f"the view {name.name} is dropped above and made again: old versions would read other columns at once",
            f"columns that come behind the others: CREATE OR REPLACE VIEW; else a new name, for {name.name} to be "
            "dropped in contract",
        )
    drop = Said("", f"DROP VIEW IF EXISTS {ground.spelled(name)}")
    if name not in ground.furniture.catalog.views:
        kept = operation.replace and not ground.furniture.live
        notes = (f"{name.name} stays after a revert: OR REPLACE may have found it there.",) if kept else ()
        return Phased(expand=(Said("", text),), revert=() if kept else (drop,), notes=notes)
    return _replaced(name, text, drop, ground)


def _replaced(name: Name, text: str, drop: Said, ground: Ground) -> Phased:
    before = ground.furniture.texts.of(Thing("view", name))
    if not before:
        raise ground.refusal(f"nothing says how the view {name} was made", "name the database with --dsn")
    return Phased(
        notes=(f"Old versions read {name.name} as it is made here, too: its columns have to mean what they meant.",),
        expand=(Said("PostgreSQL lets columns come behind the others, and nothing else.", text),),
        revert=(
            Together(
                "No column can be taken from a view: it is made anew, with the rights that it had.",
                (drop, *(Said("", each) for each in before)),
            ),
        ),
    )
