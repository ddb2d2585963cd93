"""Prisma: a folder a migration, with migration.sql, sent to the server as one message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part, one_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree


def is_shape_of(tree: Tree) -> bool:
    return any(map(_is_migration, tree.names))


def files(tree: Tree) -> Sequence[File]:
    """In the order of the folders' names; a down.sql beside is for people to run."""
    ways = [name for name in tree.names if _is_migration(name) or _undoes(name)]
    named = sorted(ways, key=lambda name: (name.partition("/")[0], _undoes(name)))
    return [File(tree.join(name), undoes=_undoes(name)) for name in named]


def parts(file: File, text: str) -> Sequence[Part]:
    return [Part(0, len(text), one_message, file.undoes)]


def _is_migration(name: str) -> bool:
    return name.count("/") == 1 and os.path.basename(name) == "migration.sql"


def _undoes(name: str) -> bool:
    return name.count("/") == 1 and os.path.basename(name) == "down.sql"
