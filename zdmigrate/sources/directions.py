"""Files that hold both ways: a comment begins what the tool runs, another what takes it back."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sources.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.sql.script import Statement


class Heading(NamedTuple):
    """A comment line that begins a part, with the rest of its line."""

    start: int
    undoes: bool
    rest: str


def headings(text: str, pattern: str) -> list[Heading]:
    """The lines that ``pattern`` finds: its group ``down`` is there for what takes back, ``rest`` is what follows."""
    return [
        Heading(found.start(), found["down"] is not None, found["rest"]) for found in _compiled(pattern).finditer(text)
    ]


def is_headed(text: str, pattern: str) -> bool:
    """Whether any such line is there."""
    return _compiled(pattern).search(text) is not None


def parts(
    text: str, pattern: str, transaction: Callable[[Heading], Callable[[Sequence[Statement]], str]]
) -> list[Part]:
    """The parts that the headings begin. What stands before the first belongs to it: nothing goes unread."""
    found = headings(text, pattern)
    if all(heading.undoes for heading in found):
        found.insert(0, Heading(0, undoes=False, rest=""))
    starts = [0, *(heading.start for heading in found[1:]), len(text)]
    return [
        Part(start, end, transaction(heading), heading.undoes)
        for heading, start, end in zip(found, starts, starts[1:], strict=False)
    ]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
