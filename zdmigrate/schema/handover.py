"""A schema as it is told to a process that knows an earlier one: only what has come since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.layers import flat


class _Came(NamedTuple):
    """The entries of a field that are new or changed, where all that was there before still is, in its order."""

    entries: Mapping[Any, Any]


Told = dict[str, Any]  # by field what it is now, or what came to it


def told(later: Catalog, earlier: Catalog) -> Told:
    """What there is to tell of ``later``, which was made from ``earlier``: what they share is the same in memory."""
    return {field: _told(getattr(later, field), getattr(earlier, field)) for field in Catalog.field_names}


def heard(told: Told, earlier: Catalog) -> Catalog:
    """The schema of which only that was told."""
    return earlier.changed(**{field: _heard(now, getattr(earlier, field)) for field, now in told.items()})


def _told(now: Any, before: Any) -> Any:
    if not isinstance(now, Mapping):
        return now
    now, before = flat(now), flat(before)
    if list(now)[: len(before)] != list(before):
        return now
    return _Came({key: entry for key, entry in now.items() if before.get(key) is not entry})


def _heard(now: Any, before: Any) -> Any:
    return {**flat(before), **now.entries} if isinstance(now, _Came) else now
