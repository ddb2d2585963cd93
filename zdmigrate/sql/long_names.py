"""Names that are longer than PostgreSQL keeps: NAMEDATALEN - 1, 63 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.sql import tokens as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.sql.grammar import Token

LONGEST = 63  # bytes


def long_names(tokens: Iterable[Token], text: str) -> tuple[str, ...]:
    """The names of more than 63 bytes among the tokens, as written; those that U& hides are left to the server."""
    suspects = [token for token in tokens if token[1] - token[0] > LONGEST // 4 and token[2] == t.IDENT]
    names = dict.fromkeys(_unquoted(text[start:end]) for start, end, _ in suspects)  # a code point has 4 bytes at most
    return tuple(name for name in names if len(name.encode(errors="surrogatepass")) > LONGEST)


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
