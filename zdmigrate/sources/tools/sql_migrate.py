"""sql-migrate: ``-- +migrate Up`` and ``-- +migrate Down`` in one file, with ``notransaction`` behind either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources import directions
from zdmigrate.sources.part import File, Part, each_by_itself, one_transaction
from zdmigrate.sources.versions import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.sources.directions import Heading
    from zdmigrate.sources.tree import Tree
    from zdmigrate.sql.script import Statement

_HEADING = r"^-- \+migrate (?:Up|(?P<down>Down))\b(?P<rest>[^\r\n]*)"


def is_marked(text: str) -> bool:
    return "+migrate " in text and directions.is_headed(text, _HEADING)


def is_shape_of(tree: Tree) -> bool:
    return any(map(is_marked, tree.sample))


def files(tree: Tree) -> Sequence[File]:
    """In the order of numbers, then of names."""
    return [File(tree.join(name)) for name in sorted(tree.flat, key=_place)]


def parts(file: File, text: str) -> Sequence[Part]:
    return directions.parts(text, _HEADING, _transaction)


def _place(name: str) -> tuple[object, ...]:
    number = number_of(name)
    return number is None, number or 0, name


def _transaction(heading: Heading) -> Callable[[Sequence[Statement]], str]:
    return each_by_itself if "notransaction" in heading.rest.split() else one_transaction
