"""Mappings that are never changed, and of which a changed copy is cheap however many entries they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, ValuesView

    Found = dict[Callable[[Any], bool], list[tuple[Any, Any]]]

Key = TypeVar("Key")
Entry = TypeVar("Entry")

FEW = 48  # entries: up to here a copy costs less than a second place to look
_ABSENT: Any = object()


class Layered(Mapping[Key, Entry]):
    """Entries that few copies have changed, above those that all share.

    Why not simply a dict: a history of 2,000 files names 4,000 tables, and to copy those for each of its 30,000
    operations takes longer than everything else that a linter does.
    """

    __slots__ = ("_found", "_lower", "_upper")

    def __init__(self, lower: dict[Key, Entry], upper: dict[Key, Entry], found: Found | None = None) -> None:
        self._lower = lower
        self._upper = upper
        self._found: Found = {} if found is None else found  # of the lower layer, and shared with it

    def __reduce__(self) -> tuple[Any, ...]:
        return Layered, (self._lower, self._upper)

    def __getitem__(self, key: Key) -> Entry:
        found = self._upper.get(key, _ABSENT)
        return self._lower[key] if found is _ABSENT else found

    def get(self, key: Key, default: Any = None) -> Any:
        found = self._upper.get(key, _ABSENT)
        return self._lower.get(key, default) if found is _ABSENT else found

    def __contains__(self, key: object) -> bool:
        return key in self._upper or key in self._lower

    def flat(self) -> dict[Key, Entry]:
        """All in one dict, in its order: what is changed stays where it was."""
        return {**self._lower, **self._upper}

    def __iter__(self) -> Iterator[Key]:
        return iter(self.flat())

    def __len__(self) -> int:
        return len(self.flat())

    def values(self) -> ValuesView[Entry]:
        """Not those of Mapping, which look up every key in both layers."""
        return self.flat().values()

    def items(self) -> ItemsView[Key, Entry]:
        return self.flat().items()

    def __repr__(self) -> str:
        return repr(self.flat())

    def where(self, holds: Callable[[Entry], bool]) -> list[Entry]:
        """The entries of which it holds; of what copies share it is found out once."""
        if holds not in self._found:
            self._found[holds] = [(key, entry) for key, entry in self._lower.items() if holds(entry)]
        lower = [entry for key, entry in self._found[holds] if key not in self._upper]
        return lower + [entry for entry in self._upper.values() if holds(entry)]

    def also(self, entries: Mapping[Key, Entry]) -> Layered[Key, Entry]:
        """The same with these entries."""
        if len(self._upper) < FEW:
            return Layered(self._lower, {**self._upper, **entries}, self._found)
        return Layered({**self.flat(), **entries}, {})


def flat(known: Mapping[Key, Entry]) -> dict[Key, Entry]:
    """All that is known as one dict, in its order."""
    return known.flat() if isinstance(known, Layered) else dict(known)


def also(known: Mapping[Key, Entry], entries: Mapping[Key, Entry]) -> Mapping[Key, Entry]:
    """What is known with these entries, new ones last; ``known`` stays as it was."""
    if isinstance(known, dict):
        return {**known, **entries} if len(known) < FEW else Layered(known, dict(entries))
    return known.also(entries) if isinstance(known, Layered) else {**known, **entries}


def where(known: Mapping[Key, Entry], holds: Callable[[Entry], bool]) -> list[Entry]:
    """The entries of which ``holds`` is true: a function of the entry alone, and the same one each time."""
    return known.where(holds) if isinstance(known, Layered) else [entry for entry in known.values() if holds(entry)]


def without(known: Mapping[Key, Entry], gone: set[Key] | frozenset[Key]) -> Mapping[Key, Entry]:
    """What is known, these keys left out. Things are dropped rarely enough for a copy."""
    if not any(key in known for key in gone):
        return known
    return {key: entry for key, entry in known.items() if key not in gone}
