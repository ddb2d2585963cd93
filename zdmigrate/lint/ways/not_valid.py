"""A constraint in two steps: NOT VALID, which reads no row, and VALIDATE in a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit
from zdmigrate.lint.ways.names import name_of, name_on_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place
    from zdmigrate.schema.operations import Constraint


def add_then_validate(place: Place, type: str) -> Iterator[Edit]:  # noqa: A002 - the constraint's own word
    """Of the constraint that the statement adds; for ADD COLUMN, of those of this type on the column."""
    if place.operation.kind == "add_column":
        yield from _on_column(place, type)
        return
    constraint: Constraint = place.operation.constraint
    name = name_of(constraint, place)
    below = place.below_transaction(place.sql("{} VALIDATE CONSTRAINT {}", place.alter_table, name))
    place.must_outlast_transaction(constraint.name or str(place.facts["name"]).strip('"'))
    if constraint.name is None:
        yield Edit(constraint.span.start, constraint.span.start, place.sql("CONSTRAINT {} ", name))
    yield Edit(constraint.span.end, constraint.span.end, place.sql(" NOT VALID"))
    yield below


def _on_column(place: Place, type: str) -> Iterator[Edit]:  # noqa: A002
    """The column without them; then each as a constraint of the table."""
    place.must_be_plain_column()
    added, validated = [], []
    for constraint in place.operation.column.constraints:
        if constraint.type == type:
            name, words = name_on_column(constraint, place)
            yield place.without_words(constraint.span)
            added.append(place.sql("{} ADD CONSTRAINT {} {} NOT VALID", place.alter_table, name, words))
            validated.append(place.sql("{} VALIDATE CONSTRAINT {}", place.alter_table, name))
    if place.facts["in_transaction"]:
        yield place.below(*added)
        yield place.below_transaction(*validated)
    else:
        yield place.below(*added, *validated)
