"""Columns that are proven to hold no NULL, an index built concurrently, and the key made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import RefusedError
from zdmigrate.lint.ways.not_null import all_steps
from zdmigrate.lint.ways.using_index import index_then_constraint, must_be_buildable
from zdmigrate.schema.proofs import is_proven_not_null
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    if place.operation.kind == "add_column":
        raise RefusedError("the new column has to be filled before it can be the key")
    place.must_be_outside("a primary key without a long lock")
    if place.facts["using_index"]:
        yield place.above(*_not_null(place, _columns_of_index(place)))
        return
    must_be_buildable(place)
    index, action = index_then_constraint(place)
    steps = _not_null(place, place.operation.constraint.columns)
    if place.beside:
        place.must_be_separable()
        yield from place.without_action()
        yield place.below(*steps, index, f"{place.alter_table} {action}")
    else:
        yield place.above(*steps, index)
        yield place.instead(action)


def _columns_of_index(place: Place) -> tuple[str, ...]:
    if place.beside:
        raise RefusedError("the index may be over a column of the same statement: give the key one of its own")
    made = place.catalog.constraint(place.operation.relation, str(place.facts["name"]).strip('"'))
    return made.columns if made else ()


def _not_null(place: Place, columns: tuple[str, ...]) -> list[str]:
    """For those columns that may hold a NULL as far as history knows."""
    table = place.before.resolve(place.operation.relation)
    nullable = [column for column in columns if not is_proven_not_null(table, column, place.before)]
    return [step for column in nullable for step in all_steps(place, column, spelled(column))]
