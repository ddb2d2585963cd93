"""Flyway: V1_2__name.sql in the order of versions, then R__name.sql; U1_2__name.sql takes back.

A file is one transaction, unless every statement in it refuses one, or its .conf says executeInTransaction=false.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sources.part import File, Part, each_by_itself

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.tree import Tree
    from zdmigrate.sql.script import Statement

_NAME = r"(?P<prefix>[VUB])(?P<version>[0-9]+(?:[._][0-9]+)*)_?__(?P<rest>.*)\.(?P<kind>sql|java)|R__.*\.sql"
_NO_TRANSACTION = r"(?im)^\s*(?:flyway\.)?executeInTransaction\s*=\s*false\s*$"
# what Flyway takes for a statement that runs outside of a transaction
_REFUSES = (
    r"(?:(?:CREATE|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION|(?:UNIQUE )?INDEX CONCURRENTLY)|ALTER SYSTEM"
    r"|REINDEX (?:VERBOSE )?(?:SCHEMA|DATABASE|SYSTEM)|VACUUM|DISCARD ALL)\b"
)


class _Named(NamedTuple):
    """A migration's name, taken apart."""

    name: str
    prefix: str  # V, U, B or R
    version: tuple[int, ...]
    kind: str


def is_shape_of(tree: Tree) -> bool:
    return any(named.prefix in "VR" and named.kind == "sql" for named in _named(tree))


def files(tree: Tree) -> Sequence[File]:
    """Versions as numbers, undo behind its version, repeatable ones last; a baseline only where nothing is older."""
    named = list(_named(tree))
    oldest = min((each.version for each in named if each.prefix == "V"), default=None)
    kept = [each for each in named if each.prefix != "B" or oldest is None or each.version < oldest]
    return [
        File(tree.join(each.name), undoes=each.prefix == "U", language="Java" if each.kind == "java" else "")
        for each in sorted(kept, key=_place)
    ]


def parts(file: File, text: str) -> Sequence[Part]:
    outside = _conf_forbids(file.path + ".conf")
    return [Part(0, len(text), each_by_itself if outside else unless_all_refuse, file.undoes)]


def unless_all_refuse(statements: Sequence[Statement]) -> str:
    """Flyway's own choice. A mixture is a transaction here: Flyway refuses it, as PostgreSQL would."""
    refuses = re.compile(_REFUSES)
    alone = statements and all(refuses.match(" ".join(statement.words[:4]).upper()) for statement in statements)
    return "" if alone else "tool"


def _named(tree: Tree) -> Sequence[_Named]:
    likely = [name for name in tree.names if "__" in name]  # spares most folders the regular expression
    pairs = ((name, re.fullmatch(_NAME, os.path.basename(name))) for name in likely)
    return [
        _Named(name, found["prefix"] or "R", _version(found["version"]), found["kind"] or "sql")
        for name, found in pairs
        if found
    ]


def _version(text: str | None) -> tuple[int, ...]:
    """``1_2`` and ``1.2.0`` are one version to Flyway: trailing zeros say nothing."""
    numbers = [int(piece) for piece in re.split(r"[._]", text)] if text else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _place(named: _Named) -> tuple[object, ...]:
    return named.prefix == "R", named.version, "BVUR".index(named.prefix), os.path.basename(named.name)


def _conf_forbids(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return re.search(_NO_TRANSACTION, file.read()) is not None
    except OSError:  # most files have none
        return False
