"""Frozen values with named fields: what a frozen dataclass is, without what it costs to define one.

``dataclass(frozen=True)`` compiles its methods anew for each class: 0.45 ms a class, and the forty operations
would take a fifth of a linter's whole start (docs/decisions/0002). Type checkers see a dataclass.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value:
    """A frozen value. Annotated names are its fields, in order; a class attribute is a field's default."""

    field_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = [name for name, kind in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(kind)]
        cls.field_names = cls.field_names + tuple(name for name in own if name not in cls.field_names)

    def __init__(self, **values: Any) -> None:
        if not values.keys() <= set(self.field_names):
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(values.keys() - set(self.field_names)))}")
        self.__dict__.update(values)
        for name in self.field_names:
            if name not in values and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")

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
        return type(self)(**{**dict(zip(self.field_names, self.field_values(), strict=True)), **values})
