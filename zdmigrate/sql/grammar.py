"""The one door to PostgreSQL's own grammar: libpg_query, which the package postgast carries.

Its shared library is called through ctypes: ``import postgast`` builds a thousand protobuf classes and takes longer
than a whole lint of a small file. Where the library is not found by its name, postgast's public API answers.
"""

from __future__ import annotations

import ctypes
import json
import re
from bisect import bisect_left
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

from zdmigrate.sql import tokens as t
from zdmigrate.sql.scan_result import Tokens, decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.sql.scan_result import Token

SHALLOW = 12_000  # bytes of a tree that is not too deep: a level takes 19 (NOT NOT …), and json reads some 900
CHAIN = 5000  # an eighth of what an 8 MB stack holds, measured
LIBRARIES = ("libpg_query.so", "libpg_query.dylib", "pg_query.dll", "libpg_query.dll")


class GrammarError(Exception):
    """PostgreSQL's grammar refuses the text; ``offset`` is in code points, None where it named no place."""

    def __init__(self, message: str, offset: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class NestedTooDeeply(GrammarError):
    """The statement may be right, but its tree is deeper than this process's stack; ``node`` is its name if known."""

    def __init__(self, node: str | None) -> None:
        super().__init__("the statement is nested too deeply to be analysed", None)
        self.node = node


class _Error(ctypes.Structure):
    _fields_ = (
        ("message", ctypes.c_char_p),
        ("funcname", ctypes.c_char_p),
        ("filename", ctypes.c_char_p),
        ("lineno", ctypes.c_int),
        ("cursorpos", ctypes.c_int),
        ("context", ctypes.c_char_p),
    )


class _ParseResult(ctypes.Structure):
    _fields_ = (
        ("tree", ctypes.c_char_p),
        ("stderr_buffer", ctypes.c_char_p),
        ("error", ctypes.POINTER(_Error)),
    )


class _ScanResult(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("stderr_buffer", ctypes.c_char_p),
        ("error", ctypes.POINTER(_Error)),
    )


class _PlpgsqlResult(ctypes.Structure):
    _fields_ = (
        ("tree", ctypes.c_char_p),
        ("error", ctypes.POINTER(_Error)),
    )


def parse(sql: str) -> dict[str, Any]:
    """The tree of ``sql`` as libpg_query writes it in JSON; locations in it are UTF-8 bytes."""
    _refuse_depth(sql, _encoded(sql))
    return parse_short(sql)


def parse_short(sql: str) -> dict[str, Any]:
    """The same for text that is known to have no statement of more than CHAIN tokens."""
    library = _library()
    source = _encoded(sql)
    if library is None:
        return cast("dict[str, Any]", _fallback().parse(sql))
    result = library.pg_query_parse(source)
    try:
        _raise_error(result.error)
        tree: bytes = result.tree
    finally:
        library.pg_query_free_parse_result(result)
    loaded: dict[str, Any] = _loaded(tree)
    return loaded


def scan(sql: str) -> list[Token]:
    """The tokens of ``sql``, comments among them."""
    return list(tokens_of(sql))


def tokens_of(sql: str) -> Tokens:
    """The same, field by field."""
    source = _encoded(sql)
    return _in_code_points(_scanned(sql, source), source, sql)


def _scanned(sql: str, source: bytes) -> Tokens:
    """The tokens with offsets in bytes."""
    library = _library()
    if library is None:
        return cast("Tokens", _fallback().tokens_of(sql))
    result = library.pg_query_scan(source)
    try:
        _raise_error(result.error)
        data = ctypes.string_at(result.data, result.length) if result.length else b""
    finally:
        library.pg_query_free_scan_result(result)
    tokens = decoded(data)
    if tokens is None:
        raise GrammarError("PostgreSQL's scanner answered in a form that is not known", None)
    return tokens


def parse_plpgsql(sql: str) -> list[Any]:
    """The trees of the PL/pgSQL bodies in ``sql``, a CREATE FUNCTION or DO statement."""
    library = _library()
    source = _encoded(sql)
    if library is None:
        return cast("list[Any]", _fallback().parse_plpgsql(sql))
    result = library.pg_query_parse_plpgsql(source)
    try:
        _raise_error(result.error)
        tree: bytes = result.tree
    finally:
        library.pg_query_free_plpgsql_parse_result(result)
    loaded: list[Any] = _loaded(tree)
    return loaded


def version() -> int:
    """The PostgreSQL version whose grammar this is, as the server numbers it: 180004."""
    number: int = parse("")["version"]
    return number


# --------------------------------------------------------------------------- the library


_faster: list[Callable[[bytes], Any]] = []  # readers of JSON that are asked first


def expect_many() -> None:
    """Many files will be parsed: the reader of JSON that takes half the time, and 5 ms to import, pays from now on."""
    import orjson

    _faster[:] = [orjson.loads]


@cache
def _library() -> Any:
    """libpg_query with its signatures, or None where postgast is installed without a library known by name."""
    package = find_spec("postgast")
    if package is None:
        raise ImportError("zdmigrate needs the package postgast, which carries PostgreSQL's grammar")
    for folder in package.submodule_search_locations or ():
        for name in LIBRARIES:
            with suppress(OSError):  # not there, or not for this system
                return _declared(ctypes.CDLL(f"{folder}/{name}"))
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    for call, free, result in (
        ("pg_query_parse", "pg_query_free_parse_result", _ParseResult),
        ("pg_query_scan", "pg_query_free_scan_result", _ScanResult),
        ("pg_query_parse_plpgsql", "pg_query_free_plpgsql_parse_result", _PlpgsqlResult),
    ):
        getattr(library, call).argtypes = (ctypes.c_char_p,)
        getattr(library, call).restype = result
        getattr(library, free).argtypes = (result,)
        getattr(library, free).restype = None
    return library


def _encoded(sql: str) -> bytes:
    """``sql`` as the C string that the library reads; a C string would end at a NUL."""
    if "\0" in sql:
        raise GrammarError("a NUL character has no place in SQL", sql.index("\0"))
    try:
        return sql.encode()
    except UnicodeEncodeError as error:
        raise GrammarError("the text is not valid Unicode", error.start) from error


def _fallback() -> Any:
    from zdmigrate.sql import postgast_api

    return postgast_api


def _raise_error(pointer: Any) -> None:
    if pointer:
        error = pointer.contents
        message = error.message.decode(errors="replace") if error.message else "syntax error"
        raise GrammarError(message, offset_of(error.cursorpos))


def offset_of(cursor: int) -> int | None:
    """The offset of an error's cursor. Unlike every place in a tree it is in characters, from 1; 0 is no place."""
    return cursor - 1 if cursor > 0 else None


def _loaded(tree: bytes) -> Any:
    for loads in _faster if len(tree) < SHALLOW else ():
        with suppress(ValueError):
            return loads(tree)
    try:
        return json.loads(tree)
    except RecursionError as error:
        node = re.match(rb'.*?"stmt":\{"(\w+)"', tree[:200])
        raise NestedTooDeeply(node[1].decode() if node else None) from error
    except ValueError as error:  # of a trigger's function, libpg_query's JSON is none
        raise GrammarError("PostgreSQL's parser answered in a form that is not known", None) from error


# --------------------------------------------------------------------------- depth


def _refuse_depth(sql: str, source: bytes) -> None:
    """Refuse the chains (``1+1+1…``, UNION) whose tree libpg_query would write until its C stack overflows.

    The parser itself bounds what is nested by parentheses ("memory exhausted"); a chain it reads without end.
    """
    if len(source) > CHAIN and _longest_chain(_scanned(sql, source)) > CHAIN:
        raise NestedTooDeeply(None)


def _longest_chain(tokens: Tokens) -> int:
    """The most tokens in a row that no comma parts at their level of parentheses; set operations run on past commas."""
    longest = set_operations = 0
    levels = [0]
    for number in tokens.numbers:
        if number in (t.OPEN, t.OPEN_BRACKET):
            levels.append(0)
        elif number in (t.CLOSE, t.CLOSE_BRACKET) and len(levels) > 1:
            levels.pop()
        elif number in (t.COMMA, t.SEMICOLON):
            levels[-1] = 0
        else:
            set_operations += number in t.SET_OPERATIONS
            levels[-1] += 1
            longest = max(longest, levels[-1])
    return max(longest, set_operations)


# --------------------------------------------------------------------------- places


def _in_code_points(tokens: Tokens, source: bytes, sql: str) -> Tokens:
    if len(source) == len(sql):
        return tokens
    at = Offsets(source).at
    return Tokens(list(map(at, tokens.starts)), list(map(at, tokens.ends)), tokens.numbers)


class Offsets:
    """Byte offsets of a UTF-8 text as code points."""

    def __init__(self, source: bytes) -> None:
        places = [letter.span() for letter in re.finditer(rb"[\xc0-\xff][\x80-\xbf]*", source)]
        self._starts = [start for start, _ in places]
        self._ends = [end for _, end in places]
        # how many bytes more than code points come before each letter of several bytes, and after the last
        self._surplus = [0, *accumulate(end - start - 1 for start, end in places)]

    def at(self, byte: int) -> int:
        """The code points before ``byte``."""
        passed = bisect_left(self._starts, byte)
        if passed and self._ends[passed - 1] > byte:  # inside of a letter
            passed -= 1
            byte = self._starts[passed]
        return byte - self._surplus[passed]
