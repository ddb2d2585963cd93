"""VALIDATE CONSTRAINT behind the COMMIT; out of an ALTER TABLE with other actions, a statement of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    operation = place.operation
    below = place.below_transaction(f"{place.alter_table} {place.written(*operation.span)}")
    place.must_outlast_transaction(operation.name)
    yield from place.without_action()
    yield below
