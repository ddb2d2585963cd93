"""The sixth of the samples that this commit tries on its server; under ZDMIGRATE_MATRIX every major tries all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tests.recipes.tenth import commit
from tests.servers.choose import matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

Thing = TypeVar("Thing")


def a_sixth_of(things: Sequence[Thing]) -> Sequence[Thing]:
    return things if matrix() else things[commit() % 6 :: 6]
