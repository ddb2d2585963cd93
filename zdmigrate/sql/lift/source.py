"""A statement as written: its tokens, and the way from places in its tree to spans of the file."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from zdmigrate.schema.names import Span
from zdmigrate.sql import tokens as t
from zdmigrate.sql.grammar import Offsets
from zdmigrate.sql.lift.blank import before_blank, behind_name, behind_table, word_and_next

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from zdmigrate.sql.scan_result import Tokens

OPENING = (t.OPEN, t.OPEN_BRACKET)
CLOSING = (t.CLOSE, t.CLOSE_BRACKET)


@lru_cache(maxsize=2)
def _adds_enum_value(file: str) -> bool:
    """Asked for every statement of a file, and answered once."""
    return re.search(r"add(?<=\badd)\s+value\b", file.lower()) is not None  # it begins with letters: found at once


class Places:
    """The way from a tree's places, in bytes of the text that was parsed, to code points of its file."""

    def __init__(self, parsed: str, start: int = 0) -> None:
        self._start = start
        self._offsets = None if parsed.isascii() else Offsets(parsed.encode())

    def at(self, location: int) -> int:
        return self._start + (location if self._offsets is None else self._offsets.at(location))


class Source:
    """A statement's text and tokens. Tokens are named by their index; a range holds its last token.

    ``comments`` are the file's, each where it begins by where it ends; None where only tokens tell what is a comment.
    """

    def __init__(
        self,
        file: str,
        span: Span,
        places: Places,
        scan: Callable[[], Tokens],
        comments: Mapping[int, int] | None = None,
    ) -> None:
        self.file = file
        self.span = span
        self._places = places
        self._scan = scan
        self._comments = comments

    @classmethod
    def scanned(cls, file: str, tokens: Tokens, places: Places) -> Source:
        """Of a statement whose tokens are known."""
        return cls(file, Span(tokens.starts[0], tokens.ends[-1]), places, lambda: tokens)

    @cached_property
    def tokens(self) -> Tokens:
        """Found when somebody asks: most statements are told from their tree alone."""
        return self._scan()

    @cached_property
    def last(self) -> int:
        return len(self.tokens) - 1

    @property
    def text(self) -> str:
        return self.file[self.span.start : self.span.end]

    def place(self, location: int) -> int:
        """A location of the tree in the file."""
        return self._places.at(location)

    def span_of(self, first: int, last: int) -> Span:
        return Span(self.tokens.starts[first], self.tokens.ends[last])

    def sql(self, first: int, last: int) -> str:
        """The text of a range of tokens, as written; empty for an empty range."""
        return self.file[self.tokens.starts[first] : self.tokens.ends[last]] if first <= last else ""

    def text_of(self, index: int) -> str:
        return self.sql(index, index)

    def index(self, location: int) -> int:
        """The token at a location of the tree, in bytes."""
        return bisect_left(self.tokens.starts, self._places.at(location))

    def level(self, first: int, last: int) -> Iterator[int]:
        """The tokens of a range that stand in no parentheses or brackets of it; it ends where those around it close."""
        depth, numbers = 0, self.tokens.numbers
        for index in range(first, last + 1):
            number = numbers[index]
            if number in CLOSING:
                depth -= 1
                if depth < 0:
                    return
            if depth == 0:
                yield index
            if number in OPENING:
                depth += 1

    def find(self, number: int, first: int = 0, last: int | None = None) -> int | None:
        """The first token of a kind at the level of ``first``; FROM of IS DISTINCT FROM is no FROM."""
        for index in self.level(first, self.last if last is None else last):
            if self.tokens.numbers[index] == number and not self._is_distinct_from(index):
                return index
        return None

    def _is_distinct_from(self, index: int) -> bool:
        numbers = self.tokens.numbers
        return numbers[index] == t.FROM and index > 0 and numbers[index - 1] == t.DISTINCT

    def element_end(self, first: int) -> int:
        """The last token of the list's element that begins at ``first``: before the comma or what closes the list."""
        numbers, depth = self.tokens.numbers, 0
        for index in range(first, len(numbers)):
            number = numbers[index]
            if number in OPENING:
                depth += 1
            elif number in CLOSING:
                depth -= 1
            if depth < 0 or (depth == 0 and number == t.COMMA):
                return index - 1
        return self.last

    def segments(self, first: int, last: int | None = None) -> list[tuple[int, int]]:
        """The ranges between the commas from ``first`` on, at its level."""
        ranges = []
        start = end = first
        for index in self.level(first, self.last if last is None else last):
            if self.tokens.numbers[index] == t.COMMA:
                ranges.append((start, index - 1))
                start = index + 1
            end = index
        return [*ranges, (start, end)]

    def inside(self, first: int, last: int | None = None) -> tuple[int, int] | None:
        """The range in the first parentheses from ``first`` on."""
        opening = self.find(t.OPEN, first, last)
        if opening is None:
            return None
        end = opening
        for index in self.level(opening + 1, self.last):
            end = index
        # what stands at the level may end with its own closing parenthesis, which ``level`` does give
        return opening + 1, end

    @property
    def adds_enum_value(self) -> bool:
        """Whether the file does: only then the literals of its statements are of interest."""
        return _adds_enum_value(self.file)

    def literals(self) -> tuple[str, ...]:
        """The text constants of the statement, each once."""
        texts = (self.text_of(index) for index, number in enumerate(self.tokens.numbers) if number == t.SCONST)
        return tuple(dict.fromkeys(text[text.find("'") + 1 : -1].replace("''", "'") for text in texts))

    # ----------------------------------------------------------------------- parts, without tokens where they can be

    def actions(self, location: int, count: int) -> list[Span]:
        """What ALTER TABLE does to the table named at a location of the tree: what stands between its commas.

        The tree itself has no places of these.
        """
        if count == 1 and self._comments is not None:
            start = behind_table(self.file, self._places.at(location))
            if start is not None:
                return [Span(start, self.span.end)]
        ranges = self.segments(self._behind_table(self.index(location)))
        return [self.span_of(*found) for found in ranges] if len(ranges) == count else [self.span] * count

    def _behind_table(self, at: int) -> int:
        numbers = self.tokens.numbers
        while numbers[at + 1] == t.DOT:
            at += 2
        return at + 2 if numbers[at + 1] == t.STAR else at + 1

    def elements(self, locations: Sequence[int], *, closing: bool) -> list[Span]:
        """A list's elements, which begin at these locations; ``closing``: the statement ends with the list."""
        if closing and self._comments is not None and (found := self._elements(locations, self._comments)):
            return found
        return list(map(self.element, locations))

    def _elements(self, locations: Sequence[int], comments: Mapping[int, int]) -> list[Span] | None:
        """The same without tokens; None where there are none, or something else stands between them."""
        if not locations:
            return None
        starts = list(map(self._places.at, locations))
        commas = [before_blank(self.file, start, comments) - 1 for start in starts[1:]]
        closing = self.span.end - 1
        if self.file[closing] != ")" or any(self.file[comma] != "," for comma in commas):
            return None
        return [
            Span(start, before_blank(self.file, end, comments))
            for start, end in zip(starts, (*commas, closing), strict=True)
        ]

    def element(self, location: int) -> Span:
        """The list's element that begins at a location of the tree."""
        first = self.index(location)
        return self.span_of(first, self.element_end(first))

    def behind_name(self, span: Span) -> str:
        """What follows the name with which a part begins."""
        start = None if self._comments is None else behind_name(self.file, span.start)
        if start is not None:
            return self.file[start : span.end]
        first, last = self.tokens_in(span)
        return self.sql(first + 1, last)

    def tokens_in(self, span: Span) -> tuple[int, int]:
        """The first and the last token of a part."""
        return bisect_left(self.tokens.starts, span.start), bisect_left(self.tokens.ends, span.end)

    def words_at(self, location: int) -> tuple[str, str] | None:
        """The word at a location of the tree and the next, without tokens; None where it takes them to tell."""
        return None if self._comments is None else word_and_next(self.file, self._places.at(location))

    def end_before(self, offset: int) -> int:
        """Where what stands before an offset of the file ends, white space and comments left out."""
        if self._comments is not None:
            return before_blank(self.file, offset, self._comments)
        return self.tokens.ends[bisect_left(self.tokens.starts, offset) - 1]

    def by_tokens(self) -> Source:
        """The same statement where it holds others: the end of those only tokens tell."""
        return Source(self.file, self.span, self._places, self._scan)

    def within(self, first: int, last: int) -> Source:
        """The statement that a range of this one is: the body of WITH or COPY."""
        return Source.scanned(self.file, self.tokens.part(first, last + 1), self._places)
