"""node-pg-migrate: ``-- Up Migration`` and ``-- Down Migration`` in one file of SQL; others are JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sources import directions
from zdmigrate.sources.part import File, Part, one_transaction
from zdmigrate.sources.versions import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree

_HEADING = (
    r"^[ \t]*--[ \t-]*(?:[Uu][Pp]|(?P<down>[Dd][Oo][Ww][Nn]))[ \t]+[Mm][Ii][Gg][Rr][Aa][Tt][Ii][Oo][Nn](?P<rest>)"
)
_LANGUAGES = {".js": "JavaScript", ".cjs": "JavaScript", ".mjs": "JavaScript", ".ts": "TypeScript"}


def is_marked(text: str) -> bool:
    return "migration" in text.lower() and directions.is_headed(text, _HEADING)


def is_shape_of(tree: Tree) -> bool:
    return any(map(is_marked, tree.sample))


def files(tree: Tree) -> Sequence[File]:
    """In the order of the timestamps that names begin with."""
    named = [name for name in tree.names if "/" not in name and _language(name) is not None]
    return [File(tree.join(name), language=_language(name) or "") for name in sorted(named, key=_place)]


def parts(file: File, text: str) -> Sequence[Part]:
    """A file without these comments is all up."""
    return directions.parts(text, _HEADING, lambda _: one_transaction)


def _language(name: str) -> str | None:
    """Empty for SQL, None for what is no migration."""
    ending = name[name.rfind(".") :].lower()
    if ending == ".sql":
        return ""
    return None if name.endswith(".d.ts") else _LANGUAGES.get(ending)


def _place(name: str) -> tuple[object, ...]:
    number = number_of(name)
    return number is None, number or 0, name
