"""Diesel: a folder a migration, with up.sql and down.sql; its metadata.toml may turn the transaction off."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part, one_message, one_transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree

_NO_TRANSACTION = r"(?m)^\s*run_in_transaction\s*=\s*false\b"


def is_shape_of(tree: Tree) -> bool:
    return any(_is_migration(name) and name.endswith("/up.sql") for name in tree.names)


def files(tree: Tree) -> Sequence[File]:
    """In the order of versions: what stands before the first ``_``, its dashes left out, as text."""
    named = sorted(filter(_is_migration, tree.names), key=_place)
    return [File(tree.join(name), undoes=name.endswith("/down.sql")) for name in named]


def parts(file: File, text: str) -> Sequence[Part]:
    """Without its transaction Diesel still sends all in one message."""
    outside = _metadata_forbids(os.path.join(os.path.dirname(file.path), "metadata.toml"))
    return [Part(0, len(text), one_message if outside else one_transaction, file.undoes)]


def _is_migration(name: str) -> bool:
    return name.count("/") == 1 and name.endswith(("/up.sql", "/down.sql"))


def _place(name: str) -> tuple[object, ...]:
    folder, _, file = name.partition("/")
    return folder.partition("_")[0].replace("-", ""), folder, file == "down.sql"


def _metadata_forbids(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return re.search(_NO_TRANSACTION, file.read()) is not None
    except OSError:  # most migrations have none
        return False
