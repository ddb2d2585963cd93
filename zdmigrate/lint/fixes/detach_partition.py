"""DETACH PARTITION with CONCURRENTLY, where history shows that the table has no default partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    place.must_stand_alone("DETACH PARTITION CONCURRENTLY")
    if place.found.section in ("expand", "backfill"):
        raise RefusedError("interrupted, it would leave inserts failing: move it to contract")
    table = place.catalog.table(place.operation.relation)
    if table is None or not table.complete:
        raise RefusedError("whether the table has a default partition is not known: its CREATE TABLE is in no file")
    known = (place.catalog.tables.get(child) for child in table.children)
    if any(child is not None and child.default_partition for child in known):
        raise RefusedError("CONCURRENTLY is refused while the table has a default partition")
    yield Edit(place.operation.span.end, place.operation.span.end, place.sql(" CONCURRENTLY"))
