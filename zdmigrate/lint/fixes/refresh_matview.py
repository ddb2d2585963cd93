"""REFRESH MATERIALIZED VIEW with CONCURRENTLY, where history shows the unique index that this needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import Edit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    if not place.operation.with_data:
        raise RefusedError("WITH NO DATA empties the view, and CONCURRENTLY cannot")
    view = place.before.views.get(place.before.resolve(place.operation.relation))
    if view is None or not view.populated:
        raise RefusedError("no earlier file shows that the view has been filled, which CONCURRENTLY needs")
    indexes = place.before.indexes.values()
    if not any(one.table == view.name and one.unique and not one.partial and all(one.columns) for one in indexes):
        raise RefusedError("no earlier file makes a unique index over plain columns of the view: make one first")
    at = place.behind("VIEW")
    yield Edit(at, at, place.sql(" CONCURRENTLY"))
