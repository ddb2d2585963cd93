"""Where SQL names something: resolved to the very column, or by its words where it cannot be read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.usage.names import any_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.sql.queries import Mention
    from zdmigrate.usage.loss import Loss

# What defines the schema uses nothing: a dump, or somebody's migrations beside the queries.
_DEFINES = re.compile(
    r"(?:create\s+(?:unlogged\s+|temp\w*\s+|unique\s+)*(?:table|index|type|domain|sequence|schema|extension)"
    r"|alter|drop|comment|grant|revoke|set|begin|commit|truncate|vacuum|analyze)\b(?!.*\bas\s+select\b)",
    re.I | re.S,
)


_HEADING = re.compile(r"(?<=\n)[ \t]*\r?\n(?=[ \t]*--)")


class Query(NamedTuple):
    """A statement, where it begins in its file, and what it names; None where it cannot be read."""

    text: str
    offset: int
    mentions: list[Mention] | None


class Known:
    """What the catalog knows of relations, and that each thing lost was there."""

    def __init__(self, catalog: Catalog, losses: Collection[Loss]) -> None:
        self._catalog = catalog
        self._lost = {(loss.relations[0], loss.name) for loss in losses if loss.kind == "column"}

    def resolve(self, name: Name) -> Name:
        return self._catalog.resolve(name)

    def has(self, relation: Name, column: str) -> bool | None:
        table = self._catalog.tables.get(relation)
        if (relation, column) in self._lost or (table is not None and column in table.columns):
            return True
        return False if table is not None and table.complete and not table.parents else None


def queries(text: str, known: Known) -> Iterator[Query]:
    """The statements of a SQL file, or of a literal, that use the database."""
    from zdmigrate.sql.queries import pieces  # and with it sqlglot: 0.2 s

    for piece in pieces(text):
        if not _DEFINES.match(piece.text):
            yield from _read(piece.text, piece.offset, known)


def _read(text: str, offset: int, known: Known) -> Iterator[Query]:
    """One query; where several stand below comments of their own without a semicolon between, each of them."""
    from zdmigrate.sql.queries import Unreadable, mentions

    try:
        yield Query(text, offset, mentions(text, known))
    except Unreadable:
        ends = [found.start() for found in _HEADING.finditer(text)]
        if not ends:
            yield Query(text, offset, None)
        for start, end in pairwise([0, *ends, len(text)] if ends else []):
            yield from _read(text[start:end], offset + start, known)


class Use(NamedTuple):
    """An offset at which a file names something, and how that is known."""

    offset: int
    how: str


def uses(loss: Loss, query: Query) -> Iterator[Use]:
    """Where a query names what is lost."""
    if loss.kind == "object":
        found = re.finditer(any_of(frozenset((loss.name,))), query.text)
        yield from (Use(query.offset + place.start(), "query") for place in found)
    elif loss.kind == "value":
        literal = "'" + loss.name.replace("'", "''") + "'"
        if _names_any(query, loss.relations) and literal in query.text:
            yield Use(query.offset + query.text.index(literal) + 1, "query")
    elif query.mentions is None:
        yield from _by_words(loss, query)
    else:
        for mention in query.mentions:
            if mention.relation == loss.relations[0] and _is_it(loss, mention):
                yield Use(query.offset + mention.offset, "query")


def _is_it(loss: Loss, mention: Mention) -> bool:
    """An INSERT without a list of columns gives as many values as the table has columns."""
    if loss.kind == "relation":
        return mention.column is None
    return mention.column == loss.name or (mention.column == "*" and loss.is_dropped)


def _names_any(query: Query, relations: Collection[Name]) -> bool:
    if query.mentions is None:
        return any(re.search(any_of(frozenset((name.name,))), query.text) for name in relations)
    return any(mention.relation in relations for mention in query.mentions)


def _by_words(loss: Loss, query: Query) -> Iterator[Use]:
    """In prose the words may stand as well: the relation must be where SQL has one."""
    name = re.escape(loss.relations[0].name)
    relation = re.search(rf"\b(?:from|join|into|update|table)\s+(?:only\s+)?[\w.\"]*?\b{name}\b", query.text, re.I)
    word = re.search(any_of(frozenset((loss.name,))), query.text)
    if relation and word:
        yield Use(query.offset + word.start(), "name")
