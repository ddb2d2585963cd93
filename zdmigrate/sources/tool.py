"""What zdmigrate knows of a migration tool: its folder's shape, its order, and what it runs as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.part import File, Part
    from zdmigrate.sources.tree import Tree


class Tool(Protocol):
    """A tool; each is one module of ``tools/``."""

    def is_shape_of(self, tree: Tree) -> bool:
        """Whether a folder looks like this tool's."""
        ...

    def files(self, tree: Tree) -> Sequence[File]:
        """The folder's migrations in the order in which the tool runs them, each undo behind what it takes back."""
        ...

    def parts(self, file: File, text: str) -> Sequence[Part]:
        """The stretches of a file's text, in order."""
        ...
