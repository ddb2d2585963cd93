"""The tenth of the cases that this commit tries: the next commit tries another, and a marker's run all.

``ZDMIGRATE_TENTH=3`` asks for a tenth, whatever the commit; ``ZDMIGRATE_TENTH=all`` for all cases.
"""

from __future__ import annotations

import os
import subprocess
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.recipes.cases import Case


@cache
def commit() -> int:
    """The commit's hash; 0 where nothing says what it is."""
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return int(asked.stdout.strip() or "0", 16)


def in_the_tenth(name: str) -> bool:
    return _is_turn_of(name, 10)


def in_the_fortieth(name: str) -> bool:
    """A quarter of the tenth: of what costs seconds a case."""
    return _is_turn_of(name, 40)


def _is_turn_of(name: str, parts: int) -> bool:
    asked = os.environ.get("ZDMIGRATE_TENTH", "")
    return asked == "all" or (zlib.crc32(name.encode()) + int(asked or commit())) % parts == 0


def a_tenth_of(cases: Sequence[Case], others: pytest.MarkDecorator) -> pytest.MarkDecorator:
    """Parametrizes ``case``: those of the tenth run always, the others where their marker is selected."""
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case.name, marks=() if in_the_tenth(case.name) else others) for case in cases]
    )


def a_fortieth_of(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Parametrizes ``case``: the fortieth runs always, the rest of the tenth in ``whole``, the others in ``long``."""

    def marks(case: Case) -> tuple[pytest.MarkDecorator, ...]:
        if in_the_fortieth(case.name):
            return ()
        return (pytest.mark.whole if in_the_tenth(case.name) else pytest.mark.long,)

    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=marks(case)) for case in cases])
