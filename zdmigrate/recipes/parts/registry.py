"""The folder of recipes is their list: each is found by its file's name, and imported when a rewrite asks."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

import zdmigrate.recipes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Phased


AS_EVER = "reads and writes as ever"


class Recipe(Protocol):
    """What a recipe's file has.

    It may say in ``MEANWHILE``, too, what an old, and the new, version may do until contract, where that is not
    everything: ``meanwhile`` gives it.
    """

    OPERATIONS: tuple[str, ...]
    recipe: Callable[[Any, Ground], Phased | tuple[Phased, ...]]  # several where it is about several tables


@cache
def names() -> tuple[str, ...]:
    """Every recipe's name, in the alphabet's order."""
    return tuple(sorted(module.name for module in iter_modules(zdmigrate.recipes.__path__) if not module.ispkg))


@cache
def load(name: str) -> Recipe:
    """The recipe of a file of this folder."""
    return cast("Recipe", import_module(f"zdmigrate.recipes.{name}"))


def meanwhile(name: str) -> tuple[str, str]:
    """What an old version, and the new one, may do from expand to contract."""
    said: tuple[str, str] = getattr(load(name), "MEANWHILE", (AS_EVER, AS_EVER))
    return said


@cache
def recipe_of(kind: str) -> Recipe | None:
    """The recipe that takes a kind of operation; None where none does."""
    return next((recipe for recipe in map(load, names()) if kind in recipe.OPERATIONS), None)
