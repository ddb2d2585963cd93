"""Schemas that were followed ahead, so that whoever looks at the same operations later need not follow them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import Operation


class Trail:
    """The schema behind each operation. It keeps what it knows by identity, so that no other can be taken for it."""

    __slots__ = ("_after", "_before")

    def __init__(self) -> None:
        self._after: dict[int, tuple[Operation, Catalog, Catalog]] = {}
        self._before: dict[int, tuple[object, Catalog]] = {}

    def follow(self, operation: Operation, catalog: Catalog) -> Catalog:
        """The schema that ``operation`` leaves of ``catalog``, and to be remembered."""
        after = catalog.after(operation)
        self._after[id(operation)] = (operation, catalog, after)
        return after

    def after(self, operation: Operation, catalog: Catalog) -> Catalog:
        """The same, as it is remembered: for another catalog, be it an equal one, it is found out anew."""
        known = self._after.get(id(operation))
        return known[2] if known is not None and known[1] is catalog else catalog.after(operation)

    def begin(self, change: object, catalog: Catalog) -> None:
        """Remember the schema in which a change begins."""
        self._before[id(change)] = (change, catalog)

    def before(self, change: object, catalog: Catalog) -> Catalog:
        """The schema in which a change begins, which is ``catalog``: where it is remembered, the very same one."""
        known = self._before.get(id(change))
        return catalog if known is None else known[1]
