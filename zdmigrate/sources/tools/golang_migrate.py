"""golang-migrate: 12_name.up.sql and 12_name.down.sql, each sent to the server as one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part, one_message
from zdmigrate.sources.versions import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree


def is_shape_of(tree: Tree) -> bool:
    """Not where Cargo.toml says that this is Rust: sqlx names its files alike."""
    return bool(two_way(tree)) and not _is_rust(tree)


def _is_rust(tree: Tree) -> bool:
    project = tree.nearest("go.mod", "Cargo.toml")
    return len(project) == 1 and project[0].endswith("Cargo.toml")


def files(tree: Tree) -> Sequence[File]:
    named = sorted(two_way(tree), key=lambda name: (number_of(name), name.endswith(".down.sql"), name))
    return [File(tree.join(name), undoes=name.endswith(".down.sql")) for name in named]


def parts(file: File, text: str) -> Sequence[Part]:
    return [Part(0, len(text), one_message, file.undoes)]


def two_way(tree: Tree) -> list[str]:
    """The names with a number in front and a direction at the end."""
    return [name for name in tree.flat if name.endswith((".up.sql", ".down.sql")) and number_of(name) is not None]
