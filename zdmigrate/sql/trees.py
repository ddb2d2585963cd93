"""The trees of a file: one call of the grammar for all statements where it reads them all, else a call for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sql.grammar import CHAIN, GrammarError, parse, parse_short
from zdmigrate.sql.lift.source import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sql.cut import Cut
    from zdmigrate.sql.lift.nodes import Node

AT_ONCE = 50_000  # letters: the trees of more, in memory together, would be what a linter needs most memory for


class Parsed(NamedTuple):
    """What a statement was read as; more than one tree where it holds more than its tokens told."""

    trees: list[Node]
    places: Places


def parse_file(text: str, cuts: Sequence[Cut]) -> list[Parsed] | None:
    """Every statement of a file; None where each has to be asked for by itself, since one of them has an error."""
    if len(text) > AT_ONCE or any(found.problem for found in cuts):
        return None
    if len(text) > CHAIN and any(len(found.tokens) > CHAIN for found in cuts):
        return None
    try:
        statements = parse_short(text)["stmts"]
    except GrammarError:
        return None
    places = Places(text)
    if not _are_the_same(statements, cuts, places):
        return None
    return [Parsed([statement["stmt"]], places) for statement in statements]


def _are_the_same(statements: list[Node], cuts: Sequence[Cut], places: Places) -> bool:
    """Whether the grammar ends its statements where they were cut."""
    if len(statements) != len(cuts):
        return False
    before = 0
    for statement, found in zip(statements, cuts, strict=True):
        start = statement.get("stmt_location", 0)
        length = statement.get("stmt_len", 0)  # 0 is up to the end of the text
        end = found.tokens.ends[-1]
        if not before <= places.at(start) <= found.tokens.starts[0] or (length and places.at(start + length) < end):
            return False
        before = end
    return True


def parse_one(text: str, found: Cut) -> Parsed:
    """One statement of a file; GrammarError with the offset in it."""
    start = found.tokens.starts[0]
    sql = text[start : found.tokens.ends[-1]]
    result = (parse if len(found.tokens) > CHAIN else parse_short)(sql)
    return Parsed([statement["stmt"] for statement in result["stmts"]], Places(sql, start))
