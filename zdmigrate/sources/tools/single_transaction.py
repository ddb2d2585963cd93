"""Plain SQL files, each run in one transaction: ``psql --single-transaction``, and most runners of a project's own.

No shape tells such a folder from a plain one; its owner has to name it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part, one_transaction
from zdmigrate.sources.tools import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree


def is_shape_of(tree: Tree) -> bool:
    return False


def files(tree: Tree) -> Sequence[File]:
    return plain.files(tree)


def parts(file: File, text: str) -> Sequence[Part]:
    """A BEGIN in the file is the file's mistake: PostgreSQL warns, and its COMMIT ends the tool's transaction."""
    return [Part(0, len(text), one_transaction)]
