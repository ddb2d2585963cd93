"""Another name for a column wherever a piece of SQL means it: in expressions by the grammar's tree, never by text."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from zdmigrate.schema.names import Span
from zdmigrate.schema.spelling import spelled
from zdmigrate.sql.grammar import Offsets, parse, scan
from zdmigrate.sql.lift.nodes import string, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.scan_result import Token

_COMMENTS = ("--", "/*")


class Piece:
    """A piece of SQL inside of a statement that makes it whole: ``before``, ``text``, ``after`` can be parsed."""

    def __init__(self, text: str, before: str = "SELECT ", after: str = "") -> None:
        self.text = text
        self.whole = before + text + after
        self.shift = len(before)
        self.tokens = [token for token in scan(self.whole) if not self._said(token).startswith(_COMMENTS)]
        self.tree = parse(self.whole)
        self._starts: list[int] | None = None

    def _said(self, token: Token) -> str:
        return self.whole[token.start : token.end]

    def references(self, *, whole: bool = False) -> Iterator[tuple[Span, tuple[str, ...]]]:
        """Each column that an expression names: where its last word, or the ``whole``, stands, and all its words."""
        for kind, body in walk(self.tree):
            if kind == "ColumnRef" and all("String" in field for field in body["fields"]):
                words = tuple(map(string, body["fields"]))
                last = self.place_of(body, len(words))
                yield (Span(self.place_of(body, 1).start, last.end) if whole else last), words

    def place_of(self, column: Node, words: int) -> Span:
        """Where the last of a column's words stands."""
        if self._starts is None:
            self._starts, self._offsets = [token.start for token in self.tokens], Offsets(self.whole.encode())
        at = bisect_left(self._starts, self._offsets.at(column.get("location", 0))) + 2 * (words - 1)
        return self._place(self.tokens[at])

    @property
    def has_star(self) -> bool:
        """Whether it means columns without naming them."""
        return any(kind == "ColumnRef" and "A_Star" in body["fields"][-1] for kind, body in walk(self.tree))

    def listed(self, behind: str) -> Iterator[tuple[Span, str]]:
        """Each plain name that begins an element of the first list behind a word; "" for the first of all."""
        opening = self._opening(behind)
        return iter(()) if opening is None else self._elements(opening)

    def elements(self) -> Iterator[tuple[Span, str]]:
        """Each plain name that begins an element of a list that the piece is, without parentheses around it."""
        first = next(place for place, token in enumerate(self.tokens) if token.start >= self.shift)
        return self._elements(first - 1)

    def _opening(self, behind: str) -> int | None:
        found = not behind
        for place, token in enumerate(self.tokens):
            if token.start < self.shift:
                continue
            word = self._said(token)
            if found and word == "(":
                return place
            found = found or word.lower() == behind
        return None

    def _elements(self, opening: int) -> Iterator[tuple[Span, str]]:
        depth, first = 0, True
        for place in range(opening + 1, len(self.tokens)):
            word = self._said(self.tokens[place])
            if (word == ")" and depth == 0) or self.tokens[place].end > self.shift + len(self.text):
                return
            following = self._said(self.tokens[place + 1]) if place + 1 < len(self.tokens) else ""
            if first and depth == 0 and following not in ("(", ".") and (word[0].isalpha() or word[0] in '"_'):
                yield self._place(self.tokens[place]), folded(word)
            depth += (word in ("(", "[")) - (word in (")", "]"))
            first = word == "," and depth == 0

    def _place(self, token: Token) -> Span:
        return Span(token.start - self.shift, token.end - self.shift)


def folded(word: str) -> str:
    """An identifier as PostgreSQL keeps it."""
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()


def with_columns(expression: str, named: Callable[[str], str]) -> str:
    """An expression, with every column of it spelled as ``named`` says."""
    places = ((span, named(words[-1])) for span, words in Piece(expression).references())
    return replaced(expression, places)


def renamed_definition(definition: str, before: str, names: Mapping[str, str], *lists: str) -> str:
    """An index's or constraint's definition with other names for columns.

    ``lists`` are the words whose next list is one of columns; "" for the first of all.
    """
    piece = Piece(definition, before)
    found = {span: words[-1] for span, words in piece.references()}
    for word in lists:
        found |= dict(piece.listed(word))
    return replaced(definition, [(span, spelled(names[word])) for span, word in found.items() if word in names])


def replaced(text: str, places: Iterable[tuple[Span, str]]) -> str:
    """The text with other words at some places of it."""
    for span, word in sorted(places, reverse=True):
        text = text[: span.start] + word + text[span.end :]
    return text
