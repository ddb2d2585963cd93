"""REINDEX with CONCURRENTLY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    place.must_stand_alone("REINDEX CONCURRENTLY")
    if place.operation.target == "system":
        raise RefusedError("the indexes of the system catalogs cannot be rebuilt concurrently")
    if "CONCURRENTLY" in map(str.upper, place.statement.words):
        raise RefusedError("it turns CONCURRENTLY off by an option: leave that out")
    at = place.behind(place.operation.target.upper())
    yield Edit(at, at, place.sql(" CONCURRENTLY"))
