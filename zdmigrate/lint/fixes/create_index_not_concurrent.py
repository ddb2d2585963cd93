"""CREATE INDEX with CONCURRENTLY; an index without a name gets the one that the server would choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    place.must_stand_alone("CREATE INDEX CONCURRENTLY")
    if place.operation.name is None and not all(place.operation.columns):
        raise RefusedError("the server names an index over an expression by what is in it: give it a name")
    name = "" if place.operation.name else f" {place.facts['index']}"
    at = place.behind("INDEX")
    yield Edit(at, at, place.sql(" CONCURRENTLY{}", name))
