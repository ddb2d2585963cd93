"""Expressions: as written, and what can be known of them without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import Expression
from zdmigrate.sql.lift.nodes import qualified, string, strings, walk

if TYPE_CHECKING:
    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.lift.source import Source

LITERALS = frozenset(("A_Const", "TypeCast", "TypeName", "String", "Integer", "A_ArrayExpr"))


def expression(tree: Node, sql: str) -> Expression:
    """What ``tree`` calls and reads; ``sql`` is its text."""
    calls: dict[Name, None] = {}
    columns: dict[str, None] = {}
    subquery = False
    constant = True
    for kind, body in walk(tree):
        constant = constant and kind in LITERALS
        if kind == "FuncCall":
            calls[qualified(strings(body["funcname"]))] = None
        elif kind == "SQLValueFunction":
            calls[Name(None, value_function(body))] = None
        elif kind == "ColumnRef" and "String" in body["fields"][-1]:
            columns[string(body["fields"][-1])] = None
        elif kind == "SubLink":
            subquery = True
    return Expression(sql=sql, calls=tuple(calls), columns=tuple(columns), subquery=subquery, constant=constant)


def expression_after(keyword: int, tree: Node, source: Source, first: int, last: int) -> Expression:
    """The expression between a keyword (DEFAULT, USING, WHERE) and the end of a range."""
    at = source.find(keyword, first, last)
    return expression(tree, "" if at is None else source.sql(at + 1, last))


def expression_in_parentheses(keyword: int, tree: Node, source: Source, first: int, last: int) -> Expression:
    """The expression in the parentheses after a keyword (CHECK, AS)."""
    at = source.find(keyword, first, last)
    inside = None if at is None else source.inside(at, last)
    return expression(tree, "" if inside is None else source.sql(*inside))


def value_function(body: Node) -> str:
    """``current_timestamp`` of ``SVFOP_CURRENT_TIMESTAMP_N``."""
    name: str = body["op"]
    return name.removeprefix("SVFOP_").removesuffix("_N").lower()
