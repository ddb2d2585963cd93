"""Which views go with what they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.effects.claim import Situation
    from zdmigrate.schema.names import Name


def views_upon(tables: tuple[Name, ...], at: Situation) -> Iterator[Name]:
    """The views whose queries name one of the tables, and those upon these."""
    for view in at.catalog.views.values():
        if not set(tables).isdisjoint(view.sources):
            yield view.name
            yield from views_upon((view.name,), at)
