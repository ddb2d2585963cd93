"""Cutting a file's tokens into statements at the semicolons that end one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.sql import tokens as t
from zdmigrate.sql.grammar import GrammarError, tokens_of
from zdmigrate.sql.scan_result import Tokens

if TYPE_CHECKING:
    from zdmigrate.sql.scan_result import Token


class Cut(NamedTuple):
    """A statement's tokens without comments and semicolon, and what the scanner could not read in it."""

    tokens: Tokens
    problem: str = ""  # PostgreSQL's message for the last token, whose number is BROKEN


class Scanned(NamedTuple):
    """A file's tokens; a stretch that cannot be scanned is one token BROKEN, with its message."""

    tokens: Tokens
    problems: dict[int, str]  # by the offset of the BROKEN token


def scan_all(text: str) -> Scanned:
    """Every token of ``text``; after what cannot be scanned, on with the statement that follows."""
    tokens = Tokens([], [], [])
    problems: dict[int, str] = {}
    start = 0
    while start < len(text):
        found, problem = _scan_until_problem(text[start:] if start else text)
        tokens += found.moved(start) if start else found
        if problem is None:
            break
        at = start + (problem.offset or 0)
        end = _broken_end(text, at, problem.message)
        tokens += Tokens([at], [end], [t.BROKEN])
        problems[at] = problem.message
        start = end + 1
    return Scanned(tokens, problems)


def _scan_until_problem(text: str) -> tuple[Tokens, GrammarError | None]:
    try:
        return tokens_of(text), None
    except GrammarError as error:
        problem = error
    while problem.offset:
        try:
            return tokens_of(text[: problem.offset]), problem
        except GrammarError as error:
            # the place named was inside of a token: what comes before that token can be scanned
            if error.offset is None or error.offset >= problem.offset:
                break
            problem = GrammarError(problem.message, error.offset)
    return Tokens([], [], []), GrammarError(problem.message, 0)


def _broken_end(text: str, at: int, message: str) -> int:
    """Where what cannot be scanned is taken to end: at the next semicolon, of an unclosed quote at a line's end.

    A comment or a dollar-quoted body that is never closed takes the rest: what follows is not meant to run.
    """
    if text.startswith(("/*", "$"), at):
        return len(text)
    closing = r";(?=[ \t]*(?:--[^\r\n]*)?(?:[\r\n]|\Z))" if message.startswith("unterminated") else ";"
    end = re.compile(closing).search(text, at)
    return end.start() if end else len(text)


def cut(scanned: Scanned) -> tuple[list[Cut], list[Token]]:
    """The statements, and the comments wherever they stand."""
    comments = [scanned.tokens[place] for place in scanned.tokens.places_of(t.COMMENTS)]
    tokens = scanned.tokens.without(t.COMMENTS) if comments else scanned.tokens
    # only in these can a semicolon be anything but an end
    nested = any(number in tokens.numbers for number in (t.ATOMIC, t.RULE, t.BROKEN))
    cuts = _cut_nested(tokens, scanned.problems) if nested else _cut_flat(tokens)
    return [found for found in cuts if found.tokens], comments


def _cut_flat(tokens: Tokens) -> list[Cut]:
    """The statements where every semicolon ends one."""
    ends = tokens.places_of((t.SEMICOLON,))
    return [Cut(tokens.part(end + 1, following)) for end, following in pairwise((-1, *ends, len(tokens)))]


def _cut_nested(tokens: Tokens, problems: dict[int, str]) -> list[Cut]:
    statements: list[Cut] = []
    first, nesting = 0, _Nesting()
    for index, number in enumerate(tokens.numbers):
        if number == t.BROKEN:
            statements.append(Cut(tokens.part(first, index + 1), problems[tokens.starts[index]]))
            first, nesting = index + 1, _Nesting()
        elif number == t.SEMICOLON and nesting.ends(tokens.numbers[first : min(index, first + 4)]):
            statements.append(Cut(tokens.part(first, index)))
            first, nesting = index + 1, _Nesting()
        else:
            nesting.see(number, tokens.numbers[first], tokens.numbers[index - 1] if index > first else number)
    # what no semicolon ended because a body was never closed is cut at each of its semicolons
    rest = tokens.part(first, len(tokens))
    return [*statements, *([Cut(rest)] if nesting.balanced else _cut_flat(rest))]


class _Nesting:
    """Whether a semicolon ends the statement: not in a BEGIN ATOMIC body, not in the parentheses of CREATE RULE."""

    def __init__(self) -> None:
        self._parentheses = 0
        self._blocks = 0

    def see(self, number: int, first: int, previous: int) -> None:
        """The statement's next token, whose first and whose last so far are these."""
        if number == t.OPEN:
            self._parentheses += 1
        elif number == t.CLOSE:
            self._parentheses -= 1
        elif number == t.ATOMIC and first == t.CREATE and previous == t.BEGIN:
            self._blocks = 1
        elif self._blocks and number == t.CASE:
            self._blocks += 1
        elif self._blocks and number == t.END:
            self._blocks -= 1

    @property
    def balanced(self) -> bool:
        return self._blocks == 0 and self._parentheses <= 0

    def ends(self, opening: list[int]) -> bool:
        """``opening``: the numbers of the statement's first four tokens."""
        if self._blocks:
            return False
        # in any other statement, a semicolon inside of parentheses means that one was not closed
        return self._parentheses <= 0 or t.RULE not in opening[1:]
