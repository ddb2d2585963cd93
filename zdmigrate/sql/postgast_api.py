"""The same calls as ``grammar`` through postgast's public API, for an installation that carries no known library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zdmigrate.sql.grammar import GrammarError, NestedTooDeeply, offset_of
from zdmigrate.sql.scan_result import Tokens

postgast: Any = import_module("postgast")  # its own stubs do not pass mypy


def parse(sql: str) -> dict[str, Any]:
    """The tree; its field names are those of libpg_query's own JSON."""
    try:
        tree: dict[str, Any] = _to_dict(postgast.parse(sql))
    except postgast.PgQueryError as error:
        raise GrammarError(error.message, offset_of(error.cursorpos)) from error
    except (RecursionError, ValueError) as error:  # protobuf says "error parsing message" of a tree that is too deep
        raise NestedTooDeeply(None) from error
    return {"stmts": [], **tree}


def tokens_of(sql: str) -> Tokens:
    """The tokens, their offsets still in bytes."""
    try:
        tokens = postgast.scan(sql).tokens
    except postgast.PgQueryError as error:
        raise GrammarError(error.message, offset_of(error.cursorpos)) from error
    starts, ends, numbers = ([getattr(token, field) for token in tokens] for field in ("start", "end", "token"))
    return Tokens(starts, ends, numbers)


def parse_plpgsql(sql: str) -> list[Any]:
    """The trees of the PL/pgSQL bodies."""
    try:
        trees: list[Any] = postgast.parse_plpgsql(sql)
    except postgast.PgQueryError as error:
        raise GrammarError(error.message, offset_of(error.cursorpos)) from error
    return trees


def _to_dict(message: Any) -> dict[str, Any]:
    """A protobuf message with its fields named as in libpg_query's JSON."""
    tree: dict[str, Any] = import_module("google.protobuf.json_format").MessageToDict(message)
    return tree
