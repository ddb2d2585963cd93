"""Cutting a file's tokens into statements at the semicolons that end one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from zdmigrate.sql import tokens as t
from zdmigrate.sql.grammar import GrammarError, Token, scan


class Cut(NamedTuple):
    """A statement's tokens without comments and semicolon, and what the scanner could not read in it."""

    tokens: list[Token]
    problem: str = ""  # PostgreSQL's message for the last token, whose number is BROKEN


class Scanned(NamedTuple):
    """A file's tokens; a stretch that cannot be scanned is one token BROKEN, with its message."""

    tokens: list[Token]
    problems: dict[int, str]  # by the offset of the BROKEN token


def scan_all(text: str) -> Scanned:
    """Every token of ``text``; after what cannot be scanned, on with the statement that follows."""
    tokens: list[Token] = []
    problems: dict[int, str] = {}
    start = 0
    while start < len(text):
        found, problem = _scan_until_problem(text[start:] if start else text)
        tokens += (Token(a + start, b + start, number) for a, b, number in found) if start else found
        if problem is None:
            break
        at = start + (problem.offset or 0)
        end = _broken_end(text, at, problem.message)
        tokens.append(Token(at, end, t.BROKEN))
        problems[at] = problem.message
        start = end + 1
    return Scanned(tokens, problems)


def _scan_until_problem(text: str) -> tuple[list[Token], GrammarError | None]:
    try:
        return scan(text), None
    except GrammarError as error:
        problem = error
    while problem.offset:
        try:
            return scan(text[: problem.offset]), problem
        except GrammarError as error:
            # the place named was inside of a token: what comes before that token can be scanned
            if error.offset is None or error.offset >= problem.offset:
                break
            problem = GrammarError(problem.message, error.offset)
    return [], GrammarError(problem.message, 0)


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
    kinds = {number for _, _, number in scanned.tokens}
    tokens, comments = scanned.tokens, []
    if not kinds.isdisjoint(t.COMMENTS):
        comments = [token for token in tokens if token.number in t.COMMENTS]
        tokens = [token for token in tokens if token.number not in t.COMMENTS]
    # only in these can a semicolon be anything but an end
    nested = not kinds.isdisjoint((t.ATOMIC, t.RULE, t.BROKEN))
    cuts = _cut_nested(tokens, scanned.problems) if nested else _cut_flat(tokens)
    return [found for found in cuts if found.tokens], comments


def _cut_flat(tokens: list[Token]) -> list[Cut]:
    """The statements where every semicolon ends one."""
    ends = [index for index, (_, _, number) in enumerate(tokens) if number == t.SEMICOLON]
    return [Cut(tokens[end + 1 : following]) for end, following in pairwise((-1, *ends, len(tokens)))]


def _cut_nested(tokens: list[Token], problems: dict[int, str]) -> list[Cut]:
    statements: list[Cut] = []
    current: list[Token] = []
    nesting = _Nesting()
    for token in tokens:
        if token.number == t.BROKEN:
            statements.append(Cut([*current, token], problems[token.start]))
            current, nesting = [], _Nesting()
        elif token.number == t.SEMICOLON and nesting.ends(current):
            statements.append(Cut(current))
            current, nesting = [], _Nesting()
        else:
            current.append(token)
            nesting.see(token, current)
    # what no semicolon ended because a body was never closed is cut at each of its semicolons
    return [*statements, *([Cut(current)] if nesting.balanced else _cut_flat(current))]


class _Nesting:
    """Whether a semicolon ends the statement: not in a BEGIN ATOMIC body, not in the parentheses of CREATE RULE."""

    def __init__(self) -> None:
        self._parentheses = 0
        self._blocks = 0

    def see(self, token: Token, statement: list[Token]) -> None:
        number = token.number
        if number == t.OPEN:
            self._parentheses += 1
        elif number == t.CLOSE:
            self._parentheses -= 1
        elif (
            number == t.ATOMIC
            and statement[0].number == t.CREATE
            and statement[-2:-1]
            and statement[-2].number == t.BEGIN
        ):
            self._blocks = 1
        elif self._blocks and number == t.CASE:
            self._blocks += 1
        elif self._blocks and number == t.END:
            self._blocks -= 1

    @property
    def balanced(self) -> bool:
        return self._blocks == 0 and self._parentheses <= 0

    def ends(self, statement: list[Token]) -> bool:
        if self._blocks:
            return False
        # in any other statement, a semicolon inside of parentheses means that one was not closed
        return self._parentheses <= 0 or not any(token.number == t.RULE for token in statement[1:4])
