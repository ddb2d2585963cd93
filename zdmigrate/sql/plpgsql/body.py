"""The operations of a body, in its order, each at its place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema import operations as o
from zdmigrate.schema.names import Span
from zdmigrate.sql import tokens as t
from zdmigrate.sql.grammar import GrammarError, parse, parse_plpgsql, scan, tokens_of
from zdmigrate.sql.lift.nodes import body_of, options, string
from zdmigrate.sql.lift.source import Places, Source
from zdmigrate.sql.plpgsql.dynamic import constant_text
from zdmigrate.sql.plpgsql.fragments import (
    ASSIGNMENT,
    DYNAMIC,
    EXPRESSION,
    PERFORM,
    TRANSACTION,
    Body,
    Fragment,
    fragments,
)
from zdmigrate.sql.psql import has_long_run, mask
from zdmigrate.sql.script import LONGEST_MESSAGE, lift_whole, read_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.sql.lift.nodes import Node

ASSIGNED = re.compile(r".*?:?=", re.DOTALL)  # the variable and the sign before the value
QUOTED = re.compile(r"(?:[eE]|[uU]&)?'|\$")
NEAR = re.compile(r'at or near "(.*)"\Z', re.DOTALL)
UNFORESEEN = (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError)
CHOSEN_AT_RUN_TIME = "its text is put together when it runs"
ENDS_TRANSACTION = "zdmigrate runs a body in one transaction, in which PostgreSQL refuses to end it"
NO_TRANSACTION_COMMANDS = "PostgreSQL refuses it in a body"


class BodyError(GrammarError):
    """The body's syntax is wrong, and PostgreSQL will refuse to run it; ``span`` is the file's."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message, None)
        self.span = span


class Text(NamedTuple):
    """A body: ``start`` is where it stands in ``file``, None for one that is not written there letter by letter."""

    sql: str
    file: str
    start: int | None
    whole: Span  # of the statement that it is in


def block(tree: Node, do: o.Operation, source: Source) -> tuple[o.Operation, ...]:
    """DO and its operations. Raises BodyError."""
    try:
        return (do.changed(read=True), *_inside(tree, source))
    except UNFORESEEN as error:
        reason = f"its body has a shape that was not foreseen ({type(error).__name__}: {error})"
        return (do, o.Unknown(span=source.span, within=source.span, statement="do", reason=reason))


def _inside(tree: Node, source: Source) -> Iterator[o.Operation]:
    given = options(body_of(tree), "args")
    literal = next(arg["DefElem"] for arg in body_of(tree)["args"] if arg["DefElem"]["defname"] == "as")
    language = string(given["language"] or {}).lower() if "language" in given else "plpgsql"
    text = _text(string(literal["arg"]), literal.get("location", 0), source)
    if language != "plpgsql":
        yield _unknown(text, f"its body is written in {language}")
        return
    yield from of_plpgsql(f"DO {dollar_quoted(text.sql)}", text)


def _text(sql: str, location: int, source: Source) -> Text:
    """The body at a place of the tree."""
    index = source.index(location)
    while not QUOTED.match(source.text_of(index)):
        index += 1
    written = source.text_of(index)
    start = written.find(sql)  # of a body with '' in it there is no such place
    return Text(sql, source.file, source.tokens.starts[index] + start if start > 0 else None, source.span)


def dollar_quoted(sql: str) -> str:
    tag = "$body$"
    while tag in sql + "$":
        tag = f"{tag[:-1]}_$"
    return f"{tag}{sql}{tag}"


def of_plpgsql(statement: str, text: Text) -> Iterator[o.Operation]:
    """The operations of the body of a DO or CREATE FUNCTION ``statement``. Raises BodyError."""
    try:
        trees, text = _trees(statement, text)
    except GrammarError as error:
        if error.message.startswith("syntax error"):
            raise BodyError(error.message, _near(error.message, text)) from error
        yield _unknown(text, error.message)
        return
    yield from _Reading(text).operations(fragments(trees))


def _trees(statement: str, text: Text) -> tuple[Any, Text]:
    """The trees; where the body is none for its placeholders, those of the body with names in their place."""
    if not has_long_run(text.sql):
        try:
            return parse_plpgsql(statement), text
        except GrammarError:
            if mask(text.sql).text == text.sql:
                raise
    masked = mask(text.sql).text
    return parse_plpgsql(statement.replace(text.sql, masked)), text._replace(sql=masked)


def _unknown(text: Text, reason: str) -> o.Operation:
    return o.Unknown(span=text.whole, statement="do", reason=reason[:LONGEST_MESSAGE], within=text.whole)


def _near(message: str, text: Text) -> Span:
    """The token that a message names, where there is but one; PL/pgSQL's parser gives no place."""
    near = NEAR.search(message)
    tokens = [token for token in scan(text.sql) if near and text.sql[token.start : token.end] == near[1]]
    if text.start is None or len(tokens) != 1:
        return text.whole
    return Span(text.start + tokens[0].start, text.start + tokens[0].end)


class _Reading:
    """One pass over a body's pieces."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._body = Body(text.sql)

    def operations(self, pieces: Iterable[Fragment]) -> Iterator[o.Operation]:
        found = [(place, piece, self._body.place(piece)) for place, piece in enumerate(pieces)]
        ordered = sorted((exact or self._body.line(piece.line), place, piece, exact) for place, piece, exact in found)
        for span, _, piece, exact in ordered:
            for operation in self._piece(piece, None if exact is None else exact.start, self._in_file(span)):
                yield _allowed(operation)

    def _in_file(self, span: Span) -> Span:
        start = self._text.start
        return self._text.whole if start is None else Span(span.start + start, span.end + start)

    def _piece(self, piece: Fragment, at: int | None, span: Span) -> Iterable[o.Operation]:
        if piece.role == TRANSACTION:
            return (o.Unknown(span=span, within=span, statement=piece.sql.lower(), reason=ENDS_TRANSACTION),)
        if piece.role == DYNAMIC:
            return _executed(piece.sql, span)
        if piece.role in (EXPRESSION, ASSIGNMENT):
            return _expression(piece, span)
        try:
            return tuple(self._statement(piece, at, span))
        except GrammarError as error:
            return (o.Unknown(span=span, within=span, statement="do", reason=error.message),)

    def _statement(self, piece: Fragment, at: int | None, span: Span) -> Iterator[o.Operation]:
        """SQL as it is written: each clause has its own place, except where the file does not hold it so."""
        exact = at is not None and self._text.start is not None
        base = (at or 0) + (self._text.start or 0) if exact else 0
        sql = f" {piece.sql}" if piece.role == PERFORM else piece.sql  # as long as PERFORM
        tokens = tokens_of(sql).without(t.COMMENTS).moved(base)
        if exact:
            tokens.starts[0] = base
        source = Source.scanned(self._text.file if exact else sql, tokens, Places(sql, base))
        whole = source.span if exact else span
        for statement in parse(sql)["stmts"]:
            for operation in lift_whole(statement["stmt"], source):
                place = operation.span if exact else span
                yield operation.changed(span=place, within=operation.within if exact and operation.within else whole)


def _expression(piece: Fragment, span: Span) -> Iterator[o.Operation]:
    """What an expression reads and calls; most do neither."""
    sql = ASSIGNED.sub("", piece.sql, count=1) if piece.role == ASSIGNMENT else piece.sql
    if "(" not in sql:
        return
    for operation in _of_text(f"SELECT {sql}", span):
        if not isinstance(operation, o.Select) or operation.sources or operation.calls:
            yield operation


def _executed(expression: str, span: Span) -> Iterator[o.Operation]:
    """What EXECUTE runs, if that can be known."""
    sql = constant_text(expression)
    if sql is None:
        yield o.Unknown(span=span, within=span, statement="execute", reason=CHOSEN_AT_RUN_TIME)
    else:
        yield from _of_text(sql, span)


def _of_text(sql: str, span: Span) -> Iterator[o.Operation]:
    """The operations of a text that does not stand in the file, at the place that stands for it."""
    for statement in read_script(sql).statements:
        if statement.error:
            yield o.Unknown(span=span, within=span, statement="execute", reason=statement.error.message)
        for operation in statement.operations:
            yield operation.changed(span=span, within=span)


def of_sql(sql: str) -> Iterator[o.Operation]:
    """The operations of the body of a function in SQL. Its places are its own text's."""
    for statement in read_script(sql).statements:
        if statement.error:
            yield o.Unknown(span=statement.span, within=statement.span, reason=statement.error.message, statement="do")
        for operation in statement.operations:
            yield _allowed(operation.changed(within=operation.within or statement.span))


def _allowed(operation: o.Operation) -> o.Operation:
    """The operation, or that PostgreSQL refuses it: a body can begin and end no transaction."""
    if not isinstance(operation, o.Transaction):
        return operation
    return o.Unknown(
        span=operation.span, within=operation.within, statement=operation.kind, reason=NO_TRANSACTION_COMMANDS
    )
