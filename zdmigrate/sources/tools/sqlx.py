"""sqlx: 12_name.sql, or 12_name.up.sql with 12_name.down.sql; ``-- no-transaction`` first runs one without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources.part import File, Part, one_message, one_transaction
from zdmigrate.sources.text import read_text
from zdmigrate.sources.tools.golang_migrate import two_way
from zdmigrate.sources.versions import leading_digits, number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree


def is_shape_of(tree: Tree) -> bool:
    """Not where go.mod says that this is Go: golang-migrate names its files alike."""
    project = tree.nearest("go.mod", "Cargo.toml")
    return bool(two_way(tree)) and not (len(project) == 1 and project[0].endswith("go.mod"))


def is_likely(tree: Tree) -> bool:
    """Numbered files without a direction are sqlx's where the project's Cargo.toml names it."""
    if not tree.flat or not all(_is_migration(name) for name in tree.flat):
        return False
    return any("sqlx" in read_text(path) for path in tree.nearest("Cargo.toml"))


def files(tree: Tree) -> Sequence[File]:
    named = sorted(filter(_is_migration, tree.flat), key=lambda name: (number_of(name), _undoes(name), name))
    return [File(tree.join(name), undoes=_undoes(name)) for name in named]


def parts(file: File, text: str) -> Sequence[Part]:
    without = text.removeprefix("\ufeff").startswith("-- no-transaction")
    return [Part(0, len(text), one_message if without else one_transaction, file.undoes)]


def _is_migration(name: str) -> bool:
    digits = leading_digits(name)
    return bool(digits) and name.startswith("_", len(digits)) and name.endswith(".sql")


def _undoes(name: str) -> bool:
    return name.endswith(".down.sql")
