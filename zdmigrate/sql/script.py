"""A SQL file as statements: what is done, where it stands, and what PostgreSQL's grammar says against it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.names import Span
from zdmigrate.schema.operations import Operation, Unknown
from zdmigrate.sql import tokens as t
from zdmigrate.sql.cut import Cut, cut, scan_all
from zdmigrate.sql.grammar import GrammarError, NestedTooDeeply, Token, parse
from zdmigrate.sql.kinds import statement_kind
from zdmigrate.sql.lift import lift
from zdmigrate.sql.lift.nodes import kind_of
from zdmigrate.sql.lift.source import Source
from zdmigrate.sql.psql import mask
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable


class Comment(NamedTuple):
    """A comment; ``text`` is without ``--`` or ``/* */`` and white space around it."""

    span: Span
    text: str


class SyntaxProblem(NamedTuple):
    """PostgreSQL's own message, and the token it is about."""

    message: str
    span: Span


class Statement(Value):
    """A statement. It has at least one operation, or the error for which it has none."""

    text: str  # as written, without the semicolon
    span: Span
    kind: str  # alter_table, create_index …: empty where the grammar could not read it
    operations: tuple[Operation, ...]
    error: SyntaxProblem | None = None
    words: tuple[str, ...] = ()  # its tokens as written, comments left out

    @property
    def tokens_digest(self) -> str:
        """SHA-256 of its tokens: the same for the same statement with other comments and white space."""
        from hashlib import sha256

        return sha256("\0".join(self.words).encode(errors="surrogatepass")).hexdigest()


class Script(Value):
    """A file's statements and comments, with places in ``text``."""

    text: str
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    quits: tuple[Span, ...] = ()  # lines on which psql stops reading
    psql_lines: tuple[Span, ...] = ()  # every line that is psql's; quits among them


def read_script(text: str) -> Script:
    """What ``text`` does. Never fails: an error is the statement's that it stands in."""
    masked = mask(text)
    cuts, comments = cut(scan_all(masked.text))
    return Script(
        text=text,
        statements=tuple(_statement(text, masked.text, found) for found in cuts),
        comments=tuple(_comments(text, comments)),
        quits=masked.quits,
        psql_lines=masked.psql_lines,
    )


def _comments(text: str, tokens: Iterable[Token]) -> Iterable[Comment]:
    for token in tokens:
        words = text[token.start : token.end]
        inner = words[2:] if token.number == t.SQL_COMMENT else words[2:-2]
        yield Comment(Span(token.start, token.end), inner.strip())


def _statement(text: str, masked: str, found: Cut) -> Statement:
    source = Source(text, found.tokens, masked[found.tokens[0].start : found.tokens[-1].end])
    kind, operations, error = _read(source, found)
    return Statement(
        text=source.sql(0, source.last),
        span=source.span,
        kind=kind,
        operations=operations,
        error=error,
        words=tuple(text[token.start : token.end] for token in found.tokens),
    )


def _read(source: Source, found: Cut) -> tuple[str, tuple[Operation, ...], SyntaxProblem | None]:
    if found.problem:
        return "", (), SyntaxProblem(_shortened(found.problem), _first_line(source))
    try:
        trees = parse(source.parsed)["stmts"]
    except NestedTooDeeply as error:
        kind = statement_kind(error.node) if error.node else _first_word(source)
        return kind, (Unknown(span=source.span, statement=kind, reason=error.message),), None
    except GrammarError as error:
        return "", (), SyntaxProblem(error.message, _place(source, error.offset))
    operations = tuple(operation for tree in trees for operation in lift(tree["stmt"], source))
    return statement_kind(kind_of(trees[0]["stmt"])), operations, None


def _first_word(source: Source) -> str:
    return source.text_of(0).lower()


def _place(source: Source, offset: int | None) -> Span:
    """The token at an offset in the statement; its last token where it ended too early."""
    if offset is None:
        return source.span
    at = source.tokens[0].start + offset
    token = next((token for token in source.tokens if token.end > at), source.tokens[-1])
    return Span(token.start, token.end)


def _shortened(message: str) -> str:
    """The message without the rest of the file, which PostgreSQL quotes after an unclosed quote."""
    first, *rest = re.split(r"[\r\n]", message, maxsplit=1)
    return f'{first.rstrip()} …"' if rest else message


def _first_line(source: Source) -> Span:
    """Of what could not be scanned, which may be the rest of the file, the part to point at."""
    token = source.tokens[-1]
    text = source.text_of(source.last)
    return Span(token.start, token.start + max(len(re.split(r"[\r\n]", text, maxsplit=1)[0].rstrip()), 1))
