"""A key in two steps: its index is built beside the writers, and then given to the constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.lint.fix import RefusedError
from zdmigrate.lint.ways.names import name_of
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.lint.place import Place, Word
    from zdmigrate.schema.names import Span
    from zdmigrate.schema.operations import Constraint

_ATTRIBUTES = frozenset(("NOT", "DEFERRABLE", "INITIALLY", "DEFERRED", "IMMEDIATE"))


class Key(NamedTuple):
    """``UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) DEFERRABLE``, taken apart."""

    columns: str  # (a), and what else an index says behind its table
    kind: str  # UNIQUE or PRIMARY KEY
    end: int  # behind what the index says; attributes follow


def must_be_buildable(place: Place) -> None:
    """RefusedError where an index of this table cannot be built concurrently, or not here."""
    place.must_stand_alone("CREATE INDEX CONCURRENTLY")
    if place.facts["partitioned"]:
        raise RefusedError("an index of a partitioned table cannot be built concurrently")
    if place.facts["if_exists"]:
        raise RefusedError("CREATE INDEX has no IF EXISTS for its table: leave out IF EXISTS")


def index_then_constraint(place: Place) -> tuple[str, str]:
    """The index's statement, and the action that gives it to the constraint."""
    constraint: Constraint = place.operation.constraint
    key, name = _key(constraint.span, place), name_of(constraint, place)
    index = place.sql("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} {}", name, place.table, key.columns)
    rest = place.written(key.end, constraint.span.end)
    action = place.sql("ADD CONSTRAINT {} {} USING INDEX {}", name, key.kind, name)
    return index, f"{action} {rest}".rstrip()


def index_on_column(constraint: Constraint, name: str, place: Place) -> tuple[str, str]:
    """The index's statement and the constraint's, both whole, for a key that is written on a new column."""
    if len(place.words_in(constraint.span)) > (1 if constraint.name is None else 3):
        raise RefusedError("the key on the column says more than UNIQUE: write it as a constraint of the table")
    column = spelled(place.operation.column.name)
    return (
        place.sql("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} ({})", name, place.table, column),
        place.sql("{} ADD CONSTRAINT {} UNIQUE USING INDEX {}", place.alter_table, name, name),
    )


def _key(span: Span, place: Place) -> Key:
    words = place.words_in(span)
    first = 2 if words[0].text == "CONSTRAINT" else 0
    opening = next(n for n, word in enumerate(words) if word.text == "(")
    head = [word.text for word in words[first:opening]]
    if head not in (["UNIQUE"], ["PRIMARY", "KEY"], ["UNIQUE", "NULLS", "NOT", "DISTINCT"]):
        raise RefusedError("it says more than the columns: write it with USING INDEX yourself")
    last = _closing(words, opening)
    if [word.text for word in words[last + 1 : last + 3]] == ["INCLUDE", "("]:
        last = _closing(words, last + 2)
    if any(word.text not in _ATTRIBUTES for word in words[last + 1 :]):
        raise RefusedError("it says more than the columns: write it with USING INDEX yourself")
    columns = place.written(words[opening].start, words[last].end)
    distinct = place.sql(" NULLS NOT DISTINCT") if "NULLS" in head else ""
    kind = place.sql("PRIMARY KEY" if head[0] == "PRIMARY" else "UNIQUE")
    return Key(columns + distinct, kind, words[last].end)


def _closing(words: list[Word], opening: int) -> int:
    depth = 0
    for number, word in enumerate(words[opening:], opening):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0:
            return number
    raise RefusedError("a parenthesis is not closed")
