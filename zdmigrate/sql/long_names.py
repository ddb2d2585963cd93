"""Names that are longer than PostgreSQL keeps: NAMEDATALEN - 1, 63 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sql import tokens as t

if TYPE_CHECKING:
    from zdmigrate.sql.scan_result import Tokens

LONGEST = 63  # bytes


def long_names(tokens: Tokens, text: str) -> list[tuple[int, str]]:
    """The names of more than 63 bytes as written, and where each stands. Those that U& hides are left to the server."""
    most = LONGEST if text.isascii() else LONGEST // 4  # code points, of which each has 4 bytes at most
    places = zip(tokens.starts, tokens.ends, tokens.numbers, strict=True)
    suspects = [(start, text[start:end]) for start, end, number in places if end - start > most and number == t.IDENT]
    names = ((start, _unquoted(written)) for start, written in suspects)
    return [(start, name) for start, name in names if len(name.encode(errors="surrogatepass")) > LONGEST]


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
