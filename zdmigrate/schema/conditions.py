"""What a condition says by its form alone: which columns it proves to be filled, to which rows it is bounded."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Tokens = tuple[str, ...]

_LEXEME = r"""(?x) --[^\n]* | /\*.*?\*/ | "(?:[^"]|"")*" | [eEbBxX]?'(?:[^']|'')*' | \d[\w.]* | [:$]?\w+
             | :: | [<>=!]+ | \S"""
_WORD = ("is", "not", "null", "and", "or", "between", "in", "true", "false", "(", ")", ".", ",")


def tokens_of(sql: str) -> Tokens:
    """The tokens without comments; words in lower case unless they are quoted, quoted names without quotes."""
    found = (match.group() for match in re.finditer(_LEXEME, sql, re.DOTALL))
    return tuple(_folded(token) for token in found if not token.startswith(("--", "/*")))


def _folded(token: str) -> str:
    if token.startswith('"'):
        name = token[1:-1].replace('""', '"')
        return f'"{name}"' if name in _WORD else name
    return token if "'" in token else token.lower()


def conjuncts(sql: str) -> tuple[Tokens, ...]:
    """The conditions that must all hold: the text cut at its outermost ANDs, needless parentheses taken off."""
    return tuple(_conjuncts(tokens_of(sql)))


def _conjuncts(tokens: Tokens) -> Iterator[Tokens]:
    tokens = _bare(tokens)
    cuts = _outermost_ands(tokens)
    if not cuts:
        yield tokens
        return
    starts, ends = (0, *(cut + 1 for cut in cuts)), (*cuts, len(tokens))
    for start, end in zip(starts, ends, strict=True):
        yield from _conjuncts(tokens[start:end])


def alternatives(condition: Tokens) -> tuple[Tokens, ...]:
    """The conditions of which one must hold: cut at the outermost ORs."""
    condition = _bare(condition)
    depths = accumulate((piece == "(") - (piece == ")") for piece in condition)
    cuts = [place for place, depth in enumerate(depths) if depth == 0 and condition[place] == "or"]
    starts, ends = (0, *(cut + 1 for cut in cuts)), (*cuts, len(condition))
    return tuple(_bare(condition[start:end]) for start, end in zip(starts, ends, strict=True))


def _outermost_ands(tokens: Tokens) -> list[int]:
    depth, between, cuts = 0, False, []
    for place, piece in enumerate(tokens):
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and piece == "or":
            return []
        if depth == 0 and piece == "between":
            between = True
        elif depth == 0 and piece == "and" and between:
            between = False
        elif depth == 0 and piece == "and":
            cuts.append(place)
    return cuts


def _bare(tokens: Tokens) -> Tokens:
    while tokens[:1] == ("(",) and _closing(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closing(tokens: Tokens) -> int:
    """Where the parenthesis that opens the tokens closes."""
    depth = 0
    for place, piece in enumerate(tokens):
        depth += (piece == "(") - (piece == ")")
        if depth == 0:
            return place
    return -1


def column_and_rest(condition: Tokens) -> tuple[str, Tokens]:
    """``t.id >= 5`` as ("id", (">=", "5")); the column is "" where the condition does not begin with a name."""
    if len(condition) > 2 and condition[1] == ".":
        condition = condition[2:]
    if not condition or condition[0] in _WORD or condition[1:2] == ("(",):
        return "", condition
    return _unquoted(condition[0]), condition[1:]  # a quoted name may begin with any letter


def filled_columns(check: str) -> tuple[str, ...]:
    """The columns that cannot be NULL where a CHECK with this text holds."""
    if "null" not in check.lower():  # as most have not
        return ()
    return tuple(column for condition in conjuncts(check) if (column := _filled(condition)))


_IS_NULL = (("is", "null"), ("isnull",), ("is", "not", "distinct", "from", "null"))
_IS_FILLED = (("is", "not", "null"), ("notnull",), ("is", "distinct", "from", "null"))


def _filled(condition: Tokens) -> str:
    negated = condition[:1] == ("not",)
    said = _bare(condition[1:]) if negated else condition
    ends = _IS_NULL if negated else _IS_FILLED
    if said[1:] in ends:  # one token in front: a name, whatever letters it is quoted for
        return _unquoted(said[0])
    column, rest = column_and_rest(said)
    return column if rest in ends else ""


def _unquoted(token: str) -> str:
    """A name that keeps its quotes among the tokens, because without them it would mean something."""
    return token[1:-1] if token[:1] == '"' and token[1:-1] in _WORD else token


def is_bounded(where: str, columns: Collection[str], keys: Collection[str]) -> bool:
    """Whether a WHERE holds for few rows only, whatever is in the table.

    It does with a range of a key that has both ends, with a key's value or list of values, with ctid, and with a
    list from a subquery that has a LIMIT. ``columns`` are those named in the WHERE.
    """
    if "ctid" in columns:
        return True
    ends: dict[str, set[str]] = {}
    for condition in conjuncts(where):
        if "select" in condition:
            if _is_limited_list(condition):
                return True
            continue
        column, rest = column_and_rest(condition)
        if rest and column in keys and "or" not in rest and set(rest).isdisjoint(columns):
            ends.setdefault(column, set()).add(rest[0])
    return any(found & {"=", "in", "between"} or _both_ends(found) for found in ends.values())


def _is_limited_list(condition: Tokens) -> bool:
    """``id IN (SELECT … LIMIT 1000)``, ``id = ANY (ARRAY(SELECT … LIMIT 1000))``."""
    listed = "in" in condition or "any" in condition
    return listed and "not" not in condition[: condition.index("select")] and bool({"limit", "fetch"} & set(condition))


def _both_ends(operators: set[str]) -> bool:
    return bool(operators & {">", ">="}) and bool(operators & {"<", "<="})
