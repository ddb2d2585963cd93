"""Plain SQL files in the order of their names, run by a tool that nobody named: ``psql -f`` and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources.folder import place_in_order
from zdmigrate.sources.part import File, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree


def is_shape_of(tree: Tree) -> bool:
    """Any folder with SQL files at its top; for one that looks like no other tool's."""
    return bool(tree.flat)


def files(tree: Tree) -> Sequence[File]:
    return [File(tree.join(name)) for name in sorted(tree.flat, key=place_in_order)]


def parts(file: File, text: str) -> Sequence[Part]:
    return [Part(0, len(text))]
