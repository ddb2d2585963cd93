"""A unique index built concurrently, and then given to the constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.ways.names import name_on_column
from zdmigrate.lint.ways.using_index import index_on_column, index_then_constraint, must_be_buildable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    must_be_buildable(place)
    if place.operation.kind == "add_column":
        yield from _on_column(place)
        return
    index, action = index_then_constraint(place)
    if place.beside:
        place.must_be_separable()
        yield from place.without_action()
        yield place.below(index, f"{place.alter_table} {action}")
    else:
        yield place.above(index)
        yield place.instead(action)


def _on_column(place: Place) -> Iterator[Edit]:
    place.must_be_plain_column()
    for constraint in place.operation.column.constraints:
        if constraint.type == "unique":
            name, _ = name_on_column(constraint, place)
            yield place.without_words(constraint.span)
            yield place.below(*index_on_column(constraint, name, place))
