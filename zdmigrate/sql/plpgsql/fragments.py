"""The SQL in a PL/pgSQL body: what the parser's tree says of each piece, and where in the body it stands."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema.names import Span
from zdmigrate.sql.grammar import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENT, PERFORM, EXPRESSION, ASSIGNMENT, DYNAMIC, TRANSACTION = (
    "statement", "perform", "expression", "assignment", "dynamic", "transaction",
)  # fmt: skip
# libpg_query's parse modes: a whole statement, an expression; all above are assignments
BY_MODE = {0: STATEMENT, 2: EXPRESSION}
DYNAMIC_FIELDS = {("PLpgSQL_stmt_dynexecute", "query"), ("PLpgSQL_stmt_dynfors", "query")}
ENDS = {"PLpgSQL_stmt_commit": "COMMIT", "PLpgSQL_stmt_rollback": "ROLLBACK"}
VARIABLES = ("var", "target")  # each stands among the datums, too
CASE_VALUE = re.compile(r'"__Case__Variable_\d+__" IN \((.*)\)', re.DOTALL)  # what CASE x WHEN y is turned into
BLANKED = re.compile(r"( {6,})")  # INTO and its target are overwritten by as many spaces
BEHIND_EXECUTE = 200  # letters, at most, from EXECUTE to its text: white space, and comments that nobody writes there
EXECUTE = re.compile(r"(?i)\bexecute\s*\Z")


class Fragment(NamedTuple):
    """A piece of SQL; ``line`` is that of the PL/pgSQL statement around it, from 1, at which it stands or behind it."""

    role: str
    sql: str
    line: int


class _Here(NamedTuple):
    """A value of the tree with its key, the PL/pgSQL statement that it is in, that one's field, and its line."""

    value: Any
    key: str
    statement: str
    field: str
    line: int


def fragments(tree: Any) -> Iterator[Fragment]:
    """Every piece of SQL in a tree, whatever it stands in: a kind of statement that is new is not passed over."""
    pending = [_Here(tree, "", "", "", 1)]
    while pending:
        here = pending.pop()
        if isinstance(here.value, list):
            pending += reversed([here._replace(value=item) for item in here.value])
        elif here.key == "PLpgSQL_expr":
            yield Fragment(_role(here), _written(here.value["query"]), here.line)
        elif isinstance(here.value, dict):
            line = here.value.get("lineno", here.line)
            if here.key in ENDS:
                yield Fragment(TRANSACTION, ENDS[here.key], line)
            pending += reversed([_below(here, key, value, line) for key, value in here.value.items()])


def _below(here: _Here, key: str, value: Any, line: int) -> _Here:
    if key in VARIABLES and here.statement:
        return _Here(None, key, "", "", line)
    if key.startswith("PLpgSQL_"):
        statement = key if key.startswith("PLpgSQL_stmt_") else here.statement
        return _Here(value, key, statement, here.field, line)
    return _Here(value, key, here.statement, key, line)


def _role(here: _Here) -> str:
    if here.field == "dynquery" or (here.statement, here.field) in DYNAMIC_FIELDS:
        return DYNAMIC
    if here.statement == "PLpgSQL_stmt_perform":
        return PERFORM
    return BY_MODE.get(here.value.get("parseMode", 0), ASSIGNMENT)


def _written(query: str) -> str:
    values = CASE_VALUE.fullmatch(query)
    return values[1] if values else query


class Body:
    """A body's text, and which of its pieces have been found: of two that read the same each has its own place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = frozenset(token.start for token in scan(text))
        self._lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]  # PL/pgSQL counts \n only
        self._taken: set[int] = set()

    def place(self, fragment: Fragment) -> Span | None:
        """Where a piece stands: from a token's start, in the line of its statement or behind it."""
        for start, end in self._candidates(fragment):
            first = self._execute_before(start) if fragment.role == DYNAMIC else start
            if first is not None and start in self._starts and start not in self._taken:
                self._taken.add(start)
                return Span(first, end)
        return None

    def line(self, number: int) -> Span:
        """A line without the white space around it, for what has no place of its own."""
        start = self._lines[min(number, len(self._lines) - 1) - 1]
        text = self.text[start:].partition("\n")[0]
        indent = len(text) - len(text.lstrip())
        return Span(start + indent, start + max(len(text.rstrip()), indent + 1))

    def _candidates(self, fragment: Fragment) -> Iterator[tuple[int, int]]:
        at = self._lines[min(fragment.line, len(self._lines) - 1) - 1]
        if fragment.role in (STATEMENT, EXPRESSION, ASSIGNMENT, DYNAMIC):
            yield from self._verbatim(fragment.sql, at)
        if fragment.role in (STATEMENT, PERFORM, TRANSACTION):
            yield from (found.span() for found in _pattern(fragment).finditer(self.text, at))

    def _verbatim(self, sql: str, at: int) -> Iterator[tuple[int, int]]:
        while sql and (at := self.text.find(sql, at)) >= 0:
            yield at, at + len(sql)
            at += 1

    def _execute_before(self, start: int) -> int | None:
        execute = EXECUTE.search(self.text, max(0, start - BEHIND_EXECUTE), start)
        return None if execute is None else execute.start()


def _pattern(fragment: Fragment) -> re.Pattern[str]:
    """PERFORM is turned into SELECT, and INTO into spaces."""
    head, sql = "", fragment.sql
    if fragment.role == PERFORM:
        head, sql = "(?i:perform)", sql.removeprefix("SELECT")
    if fragment.role == TRANSACTION:
        head, sql = f"(?i:{sql})", ""
    parts = (f"[\\s\\S]{{{len(part)}}}" if BLANKED.fullmatch(part) else re.escape(part) for part in BLANKED.split(sql))
    return re.compile(head + "".join(parts))
