"""A statement cut at the keywords of its top level, so that a condition can be written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from zdmigrate.sql.scan_result import Token

_COMMENTS = ("--", "/*")


class Word(NamedTuple):
    """A token outside of all parentheses, in lower case unless it is quoted; offsets are code points."""

    text: str
    start: int
    end: int


class Clauses:
    """The top level of one DML statement.

    >>> Clauses("UPDATE t SET a = (SELECT 1 FROM s WHERE true) WHERE b").after("where")
    'b'
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [token for token in scan(text) if not text.startswith(_COMMENTS, token.start)]
        self.words = _top_level(text, self.tokens)

    def find(self, *keywords: str, start: int = 0) -> Word | None:
        """The first of ``keywords`` at the top level from offset ``start`` on."""
        return next((word for word in self.words if word.text in keywords and word.start >= start), None)

    def before(self, *keywords: str, start: int = 0) -> str:
        """The text from ``start`` up to the first of ``keywords``, or to the end."""
        word = self.find(*keywords, start=start)
        return self.text[start : word.start if word else len(self.text)].strip()

    def after(self, keyword: str, *until: str) -> str:
        """The text behind ``keyword``, up to the first of ``until``; empty where there is no such keyword."""
        word = self.find(keyword)
        return self.before(*until, start=word.end) if word else ""

    def around(self, keyword: str, *until: str) -> tuple[str, str, str]:
        """The text through ``keyword``, what stands there up to the first of ``until``, and from there to WHERE."""
        first = self.find(keyword)
        start = first.end if first else 0
        end, where = (self._start(*words) for words in (until, ("where",)))
        relation = self.text[start:end].strip()
        place = self.text.index(relation, start)
        rest = self.text[place + len(relation) : where].rstrip()
        return self.text[:place].lstrip(), relation, f"{rest}\nWHERE "

    def qualifies(self, schema: str, table: str) -> bool:
        """Whether a column is called by schema and table: ``public.users.name``."""
        pieces = [_folded(self.text[token.start : token.end]) for token in self.tokens]
        return any(pieces[i : i + 4] == [schema, ".", table, "."] for i in range(len(pieces)))

    def _start(self, *keywords: str) -> int:
        word = self.find(*keywords)
        return word.start if word else len(self.text)


def closed(condition: str) -> str:
    """The condition in parentheses, also where it ends in a comment."""
    return f"({condition}\n)" if "--" in condition else f"({condition})"


def _word(piece: str, before: list[Word]) -> str:
    """A token as it is looked for; the FROM of IS DISTINCT FROM begins no clause."""
    word = piece if piece.startswith('"') else piece.lower()
    return "distinct from" if word == "from" and before and before[-1].text == "distinct" else word


def _folded(piece: str) -> str:
    """A name as PostgreSQL folds it."""
    return piece[1:-1].replace('""', '"') if piece.startswith('"') else piece.lower()


def _top_level(text: str, tokens: list[Token]) -> list[Word]:
    words: list[Word] = []
    depth = 0
    for token in tokens:
        piece = text[token.start : token.end]
        depth -= piece in (")", "]")
        if depth == 0:
            words.append(Word(_word(piece, words), token.start, token.end))
        depth += piece in ("(", "[")
    return words
