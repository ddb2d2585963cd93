"""What a fix is: edits of a file's text, or the reason for which there are none."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zdmigrate.lint.place import Place
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change


class Edit(NamedTuple):
    """``text`` instead of what stands from ``start`` to ``end``, in code points of the file."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """``reason`` says why a finding cannot be fixed in place; then there are no edits."""

    edits: tuple[Edit, ...] = ()
    reason: str = ""


class FixedFile(NamedTuple):
    """A file and what it does. ``before`` is the schema that it finds, ``postgres`` the oldest major it is for."""

    change: Change
    analysed: Sequence[Analysed]
    before: Catalog
    postgres: int


class RefusedError(Exception):
    """A fix that would not be safe here; the text is the reason, as an end to "not fixed: "."""


def fix_of(rule: str, file: FixedFile, number: int) -> Fix | None:
    """How a rule's finding at ``analysed[number]`` of a file is fixed; None where the rule has no file in fixes/."""
    if rule not in fixable_rules():
        return None
    from zdmigrate.lint.place import Place

    module = import_module(f"zdmigrate.lint.fixes.{rule.replace('-', '_')}")
    place = Place(file, number)
    try:
        place.must_be_written_here()
        return Fix(_in_order(place, module.edits(place)))
    except RefusedError as refused:
        return Fix(reason=str(refused))


@cache
def fixable_rules() -> frozenset[str]:
    """The rules with a fix: a file of fixes/ has its rule's name."""
    folder = os.path.join(os.path.dirname(__file__), "fixes")
    return frozenset(
        name[:-3].replace("_", "-") for name in os.listdir(folder) if name.endswith(".py") and name != "__init__.py"
    )


def _in_order(place: Place, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits from first to last. Who wrote a comment keeps it: what would take one away is refused."""
    ordered = tuple(sorted(edits, key=_by_offset))
    for comment in place.change.script.comments:
        if any(edit.start < comment.span.end and comment.span.start < edit.end for edit in ordered):
            raise RefusedError("a comment stands in what would be written anew: move it out of the clause")
    return ordered


def overlap(edits: Iterable[Edit]) -> bool:
    """Whether two of them meet, so that it would matter which comes first."""
    return any(after.start <= before.end for before, after in pairwise(sorted(edits, key=_by_offset)))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits that do not overlap; all else in it stays as it is, letter by letter."""
    pieces, at = [], 0
    for start, end, new in sorted(edits, key=_by_offset):
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def _by_offset(edit: Edit) -> tuple[int, int]:
    """What comes first; two at one place stay in the order in which they were made."""
    return edit.start, edit.end
