"""goose: ``-- +goose Up`` and ``-- +goose Down`` in one file; ``-- +goose NO TRANSACTION`` is for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources import directions
from zdmigrate.sources.part import File, Part, each_by_itself, one_transaction
from zdmigrate.sources.versions import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree

_HEADING = r"^--[ \t]*\+goose Up\b(?P<rest>)|^--[ \t]*\+goose (?P<down>Down)\b"
_ALONE = r"^--[ \t]*\+goose NO TRANSACTION\b"


def is_marked(text: str) -> bool:
    return "+goose " in text and directions.is_headed(text, _HEADING)


def is_shape_of(tree: Tree) -> bool:
    return any(map(is_marked, tree.sample))


def files(tree: Tree) -> Sequence[File]:
    """In the order of versions as numbers; those written in Go among them."""
    named = [name for name in tree.names if "/" not in name and _is_migration(name)]
    named.sort(key=lambda name: (number_of(name), name))
    return [File(tree.join(name), language="Go" if name.endswith(".go") else "") for name in named]


def parts(file: File, text: str) -> Sequence[Part]:
    """StatementBegin and StatementEnd cut where PostgreSQL's own grammar cuts, too, and so say nothing new."""
    alone = "+goose NO TRANSACTION" in text and directions.is_headed(text, _ALONE)
    return directions.parts(text, _HEADING, lambda _: each_by_itself if alone else one_transaction)


def _is_migration(name: str) -> bool:
    return number_of(name) is not None and name.endswith((".sql", ".go")) and not name.endswith("_test.go")
