"""dbmate: ``-- migrate:up`` and ``-- migrate:down`` in one file, with ``transaction:false`` behind either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources import directions
from zdmigrate.sources.part import File, Part, one_message, one_transaction
from zdmigrate.sources.versions import leading_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.sources.directions import Heading
    from zdmigrate.sources.tree import Tree
    from zdmigrate.sql.script import Statement

_HEADING = r"^--[ \t]*migrate:(?:up|(?P<down>down))(?P<rest>(?:[ \t][^\r\n]*)?)(?=[\r\n]|\Z)"


def is_marked(text: str) -> bool:
    return "migrate:up" in text and directions.is_headed(text, _HEADING)


def is_shape_of(tree: Tree) -> bool:
    return any(map(is_marked, tree.sample))


def files(tree: Tree) -> Sequence[File]:
    """In the order of names, as text: that is dbmate's."""
    return [File(tree.join(name)) for name in tree.flat if leading_digits(name)]


def parts(file: File, text: str) -> Sequence[Part]:
    return directions.parts(text, _HEADING, _transaction)


def _transaction(heading: Heading) -> Callable[[Sequence[Statement]], str]:
    """Without its transaction dbmate still sends all in one message."""
    return one_message if "transaction:false" in heading.rest.split() else one_transaction
