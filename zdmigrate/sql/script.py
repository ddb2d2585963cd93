"""A SQL file as statements: what is done, where it stands, and what PostgreSQL's grammar says against it."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from itertools import count, repeat
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.names import Span
from zdmigrate.schema.operations import CreateFunction, Do, Operation, Unknown
from zdmigrate.sql import tokens as t
from zdmigrate.sql.cut import Cut, cut, scan_all
from zdmigrate.sql.error_stop import error_stops, forgiven
from zdmigrate.sql.grammar import GrammarError, NestedTooDeeply
from zdmigrate.sql.kinds import statement_kind
from zdmigrate.sql.lift import lift
from zdmigrate.sql.lift.nodes import kind_of
from zdmigrate.sql.lift.source import Source
from zdmigrate.sql.long_names import long_names
from zdmigrate.sql.psql import mask
from zdmigrate.sql.trees import parse_file, parse_one
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.scan_result import Token, Tokens
    from zdmigrate.sql.trees import Parsed

    # a statement's kind, what it does, and what is wrong with it
    Read = tuple[str, tuple[Operation, ...], "SyntaxProblem | None"]

LONGEST_MESSAGE = 200  # letters: what it quotes may be a name of thousands


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
    masked: str | None = None  # the text as it is scanned, where psql's variables and the like stand in it

    @property
    def tokens(self) -> list[Token]:
        """Comments left out.

        Scanned anew: few ask for them, and kept, they would be a third of what a folder takes in memory.
        """
        return _tokens(self.masked or self.text, self.span.start)

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens as written."""
        return _words(self.text, self.masked or self.text, self.span.start)

    @property
    def tokens_digest(self) -> str:
        """SHA-256 of its tokens: the same for the same statement with other comments and white space."""
        from hashlib import sha256

        return sha256("\0".join(self.words).encode(errors="surrogatepass")).hexdigest()


# who asks once asks for each of the statement's clauses
@lru_cache(maxsize=1)
def _tokens(text: str, at: int) -> list[Token]:
    return list(scan_all(text).tokens.without(t.COMMENTS).moved(at))


@lru_cache(maxsize=1)
def _words(text: str, scanned: str, at: int) -> tuple[str, ...]:
    return tuple(text[start - at : end - at] for start, end, _ in _tokens(scanned, at))


class Script(Value):
    """A file's statements and comments, with places in ``text``."""

    text: str
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    quits: tuple[Span, ...] = ()  # lines on which psql stops reading
    psql_lines: tuple[Span, ...] = ()  # every line that is psql's; quits among them


FEW = 40  # files, which save by the short way what its regular expression takes to be made
_files = count()


def read_script(text: str) -> Script:
    """What ``text`` does. Never fails: an error is the statement's that it stands in."""
    masked = mask(text)
    short = _read_short(text, masked.text) if next(_files) >= FEW else None
    statements, comments = short or _read_tokens(text, masked.text)
    if stops := error_stops(text, masked.psql_lines):
        statements = [_forgiven(statement, stops) for statement in statements]
    return Script(
        text=text,
        statements=tuple(statements),
        comments=tuple(comments),
        quits=masked.quits,
        psql_lines=masked.psql_lines,
    )


def _read_short(text: str, masked: str) -> tuple[list[Statement], list[Comment]] | None:
    """The statements and comments of a short file in which nothing is doubtful."""
    from zdmigrate.sql.short_file import read_short, tokens_between

    short = read_short(masked)
    if short is None:
        return None
    # where something stands that was overwritten, the file's own signs are no guide
    comments = short.comments if masked is text else None
    statements = [
        _told(text, masked, tree, Source(text, span, short.places, partial(tokens_between, masked, span), comments))
        for tree, span in short.statements
    ]
    return statements, [_comment(text, Span(start, end), t.SQL_COMMENT) for end, start in short.comments.items()]


def _told(text: str, masked: str, tree: Node, source: Source) -> Statement:
    return _statement_at(text, masked, source.span, _lifted([tree], source))


def _read_tokens(text: str, masked: str) -> tuple[list[Statement], list[Comment]]:
    """The same of any text, cut at its tokens: what is wrong in one statement leaves the others as they are."""
    scanned = scan_all(masked)
    cuts, comments = cut(scanned)
    parsed = parse_file(masked, cuts) or repeat(None)
    statements = [_statement(text, masked, *found) for found in zip(cuts, parsed, strict=False)]
    if long := long_names(scanned.tokens, text):
        statements = [_with_long_names(statement, long) for statement in statements]
    return statements, [_comment(text, Span(start, end), number) for start, end, number in comments]


def _with_long_names(statement: Statement, long: Sequence[tuple[int, str]]) -> Statement:
    names = tuple(dict.fromkeys(name for at, name in long if statement.span.start <= at < statement.span.end))
    if not names or not statement.operations:
        return statement
    first, *others = statement.operations
    return statement.changed(operations=(first.changed(truncated=names), *others))


def _forgiven(statement: Statement, stops: Sequence[tuple[int, bool]]) -> Statement:
    return statement.changed(operations=forgiven(statement.operations, statement.span.start, stops))


def _comment(text: str, span: Span, number: int) -> Comment:
    words = text[span.start : span.end]
    return Comment(span, (words[2:] if number == t.SQL_COMMENT else words[2:-2]).strip())


def _statement(text: str, masked: str, found: Cut, parsed: Parsed | None) -> Statement:
    return _statement_at(text, masked, _span(found.tokens), _read(text, masked, found, parsed))


def _statement_at(text: str, masked: str, span: Span, read: Read) -> Statement:
    kind, operations, error = read
    return Statement(
        text=text[span.start : span.end],
        span=span,
        kind=kind,
        operations=operations,
        error=error,
        masked=None if masked is text else masked[span.start : span.end],
    )


def _read(text: str, masked: str, found: Cut, parsed: Parsed | None) -> Read:
    if found.problem:
        return "", (), SyntaxProblem(_shortened(found.problem), _first_line(text, _last(found.tokens)))
    try:
        trees, places = parsed or parse_one(masked, found)
    except NestedTooDeeply as error:
        return _too_deep(text, found.tokens, error)
    except GrammarError as error:
        return "", (), SyntaxProblem(_shortened(error.message), _place(found.tokens, error.offset))
    return _lifted(trees, Source.scanned(text, found.tokens, places))


def _lifted(trees: list[Node], source: Source) -> Read:
    try:
        first, *others = [lift_whole(tree, source) for tree in trees]
    except GrammarError as error:  # a body's
        return "", (), SyntaxProblem(_shortened(error.message), getattr(error, "span", source.span))
    return statement_kind(kind_of(trees[0])), sum(others, first), None


def lift_whole(tree: Node, source: Source) -> tuple[Operation, ...]:
    """What a statement does, and behind a DO what its body does; a function has a body for those who call it."""
    operations = lift(tree, source)
    # imported where they are needed: few files have either
    if isinstance(operations[0], Do):
        from zdmigrate.sql.plpgsql.body import block

        return block(tree, operations[0], source)
    if isinstance(operations[0], CreateFunction):
        from zdmigrate.sql.plpgsql.routine import with_routine

        return (with_routine(operations[0], source.text),)
    return operations


def _too_deep(text: str, tokens: Tokens, error: NestedTooDeeply) -> Read:
    first = text[tokens.starts[0] : tokens.ends[0]].lower()
    kind = statement_kind(error.node) if error.node else first
    return kind, (Unknown(span=_span(tokens), statement=kind, reason=error.message),), None


def _span(tokens: Tokens) -> Span:
    return Span(tokens.starts[0], tokens.ends[-1])


def _last(tokens: Tokens) -> Span:
    return Span(tokens.starts[-1], tokens.ends[-1])


def _place(tokens: Tokens, offset: int | None) -> Span:
    """The token at an offset in the statement; its last token where it ended too early."""
    if offset is None:
        return _span(tokens)
    at = tokens.starts[0] + offset
    return next((Span(start, end) for start, end, _ in tokens if end > at), _last(tokens))


def _shortened(message: str) -> str:
    """The message without the rest of the file, which PostgreSQL quotes after an unclosed quote, and without end."""
    first = re.split(r"[\r\n]", message[:LONGEST_MESSAGE], maxsplit=1)[0]
    return message if first == message else f'{first.rstrip()} …"'


def _first_line(text: str, place: Span) -> Span:
    """Of what could not be scanned, which may be the rest of the file, the part to point at."""
    first = re.split(r"[\r\n]", text[place.start : place.end], maxsplit=1)[0]
    return Span(place.start, place.start + max(len(first.rstrip()), 1))
