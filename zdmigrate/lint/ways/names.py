"""What a constraint is called: as written, or as the server would call it, which then has to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import RefusedError
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.lint.place import Place
    from zdmigrate.schema.operations import Constraint

_NAMED = ("check", "unique", "primary_key", "foreign_key")


def name_of(constraint: Constraint, place: Place) -> str:
    """As it can be pasted: a template's ``${prefix}_key`` as it stands in the file."""
    if constraint.name is None:
        return str(place.facts["name"])
    words = place.words_in(constraint.span)
    return place.text[words[1].start : words[1].end] if words[0].text == "CONSTRAINT" else spelled(constraint.name)


def name_on_column(constraint: Constraint, place: Place) -> tuple[str, str]:
    """The name of a constraint that is written on a new column, and the words with which ALTER TABLE adds it."""
    column = place.operation.column
    first = next(kept for kept in column.constraints if kept.type in _NAMED)
    if constraint.name is None and constraint is not first:
        raise RefusedError("two constraints stand on the column: give the second a name")
    named = 0 if constraint.name is None else 2  # CONSTRAINT and the name
    words = place.words_in(constraint.span)[named:]
    said = place.written(words[0].start, constraint.span.end)
    key = place.sql("FOREIGN KEY ({}) ", spelled(column.name)) if constraint.type == "foreign_key" else ""
    return name_of(constraint, place), key + said
