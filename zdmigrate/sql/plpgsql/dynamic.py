"""The text that EXECUTE runs, where literals alone make it up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zdmigrate.sql.grammar import GrammarError, parse
from zdmigrate.sql.lift.nodes import body_of, kind_of, strings
from zdmigrate.sql.lift.transactions import constant_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.sql.lift.nodes import Node

PLACE = re.compile(r"%(?:(?P<number>\d+)\$)?(?P<kind>[sIL%])|(?P<other>%)")


class _NotConstant(Exception):
    """It depends on something that only a server can know."""


def constant_text(expression: str) -> str | None:
    """The text that an expression of literals stands for; None where a variable, a column or a row has a part in it."""
    try:
        (target,) = parse(f"SELECT {expression}")["stmts"][0]["stmt"]["SelectStmt"]["targetList"]
        return _text(target["ResTarget"]["val"])
    except (GrammarError, _NotConstant, KeyError, IndexError, ValueError, TypeError, RecursionError):
        return None


def _text(node: Node) -> str:
    """The value of a node as text; NULL is none."""
    kind, body = kind_of(node), body_of(node)
    if kind == "A_Const":
        return _spelled(constant_value(node))
    if kind == "TypeCast" and strings(body["typeName"]["names"])[-1] in ("text", "varchar"):
        return _text(body["arg"])
    if kind == "A_Expr" and strings(body["name"]) == ("||",):
        return _text(body["lexpr"]) + _text(body["rexpr"])
    if kind == "FuncCall" and strings(body["funcname"])[-1] in FUNCTIONS:
        return FUNCTIONS[strings(body["funcname"])[-1]]([_text(argument) for argument in body.get("args", ())])
    raise _NotConstant


def _spelled(value: Any) -> str:
    if value is None:
        raise _NotConstant
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


SPELLINGS: dict[str, Callable[[str], str]] = {"s": str, "I": _name, "L": _literal}


def _format(arguments: list[str]) -> str:
    pattern, *values = arguments
    used = 0

    def filled(place: re.Match[str]) -> str:
        nonlocal used
        if place["kind"] == "%":
            return "%"
        if place["other"]:  # a width
            raise _NotConstant
        used = int(place["number"]) if place["number"] else used + 1
        return SPELLINGS[place["kind"]](values[used - 1])

    return PLACE.sub(filled, pattern)


FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "concat": "".join,
    "format": _format,
    "quote_ident": lambda arguments: _name(arguments[0]),
    "quote_literal": lambda arguments: _literal(arguments[0]),
}
