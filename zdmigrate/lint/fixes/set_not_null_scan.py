"""NOT NULL that need not read the rows under its lock: a CHECK proves it first, or from 18 on NOT VALID spares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.ways.not_null import all_steps, proof, table_of
from zdmigrate.lint.ways.not_valid import add_then_validate
from zdmigrate.schema.constraints import free_name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.place import Place

_NOT_VALID_SINCE = 18


def edits(place: Place) -> Iterator[Edit]:
    place.must_be_outside("NOT NULL without a long lock")
    if place.operation.kind == "add_not_null":
        yield from add_then_validate(place, "not_null")
        return
    word = place.words_in(place.operation.span)[-4]  # COLUMN name SET NOT NULL
    written, table = place.text[word.start : word.end], table_of(place)
    if place.postgres >= _NOT_VALID_SINCE and not (table.children or table.parents):
        name = spelled(free_name(table.name.name, place.operation.column, "not_null", table.constraints.__contains__))
        yield place.instead(place.sql("ADD CONSTRAINT {} NOT NULL {} NOT VALID", name, written))
        yield place.below(place.sql("{} VALIDATE CONSTRAINT {}", place.alter_table, name))
    elif place.beside:
        place.must_be_separable()
        yield from place.without_action()
        yield place.below(*all_steps(place, place.operation.column, written))
    else:
        add, validate, drop = proof(place, place.operation.column, written)
        yield place.above(add, validate)
        yield place.below(drop)
