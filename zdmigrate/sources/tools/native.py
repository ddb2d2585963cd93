"""zdmigrate's own folder: ID.sql with its sections, and ID.contract.sql and ID.revert.sql beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources.change import id_of
from zdmigrate.sources.directions import is_headed
from zdmigrate.sources.folder import change_files
from zdmigrate.sources.part import File, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree

# contract alone is no evidence: it stands at the top of any tool's file that is one
_MARKERS = r"^--[ \t]*zdmigrate:[ \t]*(?:expand|backfill|revert)\b"


def is_shape_of(tree: Tree) -> bool:
    return any(id_of(name)[1] for name in tree.flat) or any(
        "zdmigrate:" in text and is_headed(text, _MARKERS) for text in tree.sample
    )


def files(tree: Tree) -> Sequence[File]:
    return [File(path) for path in change_files(tree.path)]


def parts(file: File, text: str) -> Sequence[Part]:
    return [Part(0, len(text))]
