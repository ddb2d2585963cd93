"""DROP INDEX with CONCURRENTLY, which takes one index at a time: of a list each gets a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    place.must_stand_alone("DROP INDEX CONCURRENTLY")
    if place.facts["cascade"]:
        raise RefusedError("DROP INDEX CONCURRENTLY has no CASCADE: drop what depends on the index first")
    if place.facts["partitioned"]:
        raise RefusedError("the index of a partitioned table cannot be dropped concurrently")
    at = place.behind("INDEX")
    yield Edit(at, at, place.sql(" CONCURRENTLY"))
    first, *others = (operation.span for operation in place.statement.operations)
    if others:
        yield Edit(first.end, others[-1].end, "")
        head = place.written(place.statement.span.start, at), place.written(at, first.start)
        concurrently = place.sql("{} CONCURRENTLY {}", *head).rstrip()
        yield place.below(*(f"{concurrently} {place.written(*span)}" for span in others))
