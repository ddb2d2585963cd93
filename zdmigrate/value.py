"""Frozen values with named fields: what a frozen dataclass is, without what it costs to define one.

``dataclass(frozen=True)`` compiles its methods anew for each class: 0.45 ms a class, and the forty operations
would take a fifth of a linter's whole start (docs/decisions/0002). Type checkers see a dataclass.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

_set = object.__setattr__  # Value's own refuses; and to give it a dictionary spares the copy of its items


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value:
    """A frozen value. Annotated names are its fields, in order; a class attribute is a field's default."""

    field_names: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()
    _right: ClassVar[set[tuple[str, ...]]] = set()  # names that have been given together, and are known to be right
    _computed: ClassVar[tuple[str, ...]] = ()  # what functools.cached_property keeps beside the fields

    def __init_subclass__(cls) -> None:
        own = [name for name, kind in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(kind)]
        cls.field_names = cls.field_names + tuple(name for name in own if name not in cls.field_names)
        cls._known = frozenset(cls.field_names)
        cls._required = frozenset(name for name in cls.field_names if not hasattr(cls, name))
        cls._computed += tuple(name for name, kept in vars(cls).items() if type(kept).__name__ == "cached_property")
        cls._right = set()

    def __init__(self, **values: Any) -> None:
        if (given := tuple(values)) not in self._right:
            if not self._required <= values.keys() <= self._known:
                self._refuse(values)
            self._right.add(given)
        _set(self, "__dict__", values)

    def _refuse(self, values: dict[str, Any]) -> NoReturn:
        unknown, missing = sorted(values.keys() - self._known), sorted(self._required - values.keys())
        told = f"has no {', '.join(unknown)}" if unknown else f"needs {', '.join(missing)}"
        raise TypeError(f"{type(self).__name__} {told}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.field_values() == other.field_values()

    def __hash__(self) -> int:
        return hash((type(self), self.field_values()))

    def __repr__(self) -> str:
        told = (
            f"{name}={getattr(self, name)!r}"
            for name in self.field_names
            if getattr(self, name) != getattr(type(self), name, ...)
        )
        return f"{type(self).__name__}({', '.join(told)})"

    def field_values(self) -> tuple[Any, ...]:
        """The fields' values, in the fields' order."""
        return tuple(getattr(self, name) for name in self.field_names)

    def changed(self, **values: Any) -> Self:
        """The same value with some fields changed."""
        if not self._known.issuperset(values):
            self._refuse({**self.__dict__, **values})
        fields = {**self.__dict__, **values}
        for name in self._computed:  # from old fields
            fields.pop(name, None)
        other = object.__new__(type(self))
        _set(other, "__dict__", fields)
        return other
