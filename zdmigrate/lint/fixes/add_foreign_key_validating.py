"""FOREIGN KEY with NOT VALID, and VALIDATE CONSTRAINT in a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.lint.fix import RefusedError
from zdmigrate.lint.ways.not_valid import add_then_validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.lint.fix import Edit
    from zdmigrate.lint.place import Place


def edits(place: Place) -> Iterator[Edit]:
    if place.facts["partitioned"] and place.postgres < 18:
        raise RefusedError("before PostgreSQL 18 a partitioned table takes no foreign key with NOT VALID")
    return add_then_validate(place, "foreign_key")
