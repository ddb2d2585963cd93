"""Create a view in expand; with OR REPLACE only columns at its end are new, and old versions read what they read.

PostgreSQL refuses every other change of a view's columns, and a view that is dropped and made anew is missed by old
versions, or gives them other columns: that is a view with a name of its own, and the old one goes in contract.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said, Together
from zdmigrate.recipes.parts.texts import Thing
from zdmigrate.recipes.parts.views import renamed_view

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import CreateView

OPERATIONS = ("create_view",)
_OR_REPLACE = re.compile(r"(?i)^(\s*create)\s+or\s+replace\b")
MEANWHILE = ("reads the columns that it read", "reads the view with its new columns")


def recipe(operation: CreateView, ground: Ground) -> Phased:
    assert operation.relation is not None
    text, name = ground.text_of(operation), ground.furniture.catalog.new_name(operation.relation)
    if ("view", name) in ground.names.leaving:
        raise ground.refusal(
            f"the view {name.name} is dropped above and made again: old versions would read other columns at once, and "
            "where one has another type, prepared queries of every version fail",
            "if only the type of a column below changes, leave DROP VIEW and CREATE VIEW out: contract makes it anew. "
            "Columns that come behind the others: CREATE OR REPLACE VIEW. Else a new name, for "
            f"{name.name} to be dropped in contract",
        )
    text, copied = _over_new_columns(operation, text, ground)
    drop = Said("", f"DROP VIEW IF EXISTS {ground.spelled(name)}")
    if name not in ground.furniture.catalog.views:
        kept = operation.replace and not ground.furniture.live
        notes = (f"{name.name} stays after a revert: OR REPLACE may have found it there.",) if kept else ()
        why = "Over the new columns: versions that read it wait for the backfill." if copied else ""
        return Phased(expand=(Said(why, text),), revert=() if kept else (drop,), notes=notes)
    return _replaced(name, text, drop, ground)


def _over_new_columns(operation: CreateView, text: str, ground: Ground) -> tuple[str, bool]:
    """The query over the copies that a change of type above makes: it gives them under the names that are written."""
    catalog, found = ground.furniture.catalog, False
    for table in dict.fromkeys(map(catalog.resolve, operation.sources)):
        names = {old: new for (of, old), new in ground.names.copied.items() if of == table and old != new}
        query = renamed_view(text, table, names, catalog) if names else text
        if query is None:
            raise ground.refusal(
                f"the view reads {table} by a star, a USING or a whole row, and {', '.join(names)} is copied above",
                f"name its columns: {', '.join(names.values())} among them",
            )
        found = found or query != text
        text = query if operation.replace else _OR_REPLACE.sub(r"\1", query, count=1)
    return text, found


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
