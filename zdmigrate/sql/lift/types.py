"""Data types: the grammar's short names to the long ones that the manual and ``format_type`` use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.operations import TypeName
from zdmigrate.sql import tokens as t
from zdmigrate.sql.lift.nodes import place_of, strings

if TYPE_CHECKING:
    from zdmigrate.sql.lift.nodes import Node
    from zdmigrate.sql.lift.source import Source

LONG_NAMES = {
    "bool": "boolean",
    "bpchar": "character",
    "decimal": "numeric",
    "float4": "real",
    "float8": "double precision",
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "serial2": "smallserial",
    "serial4": "serial",
    "serial8": "bigserial",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
    "varchar": "character varying",
}
INTERVAL_FIELDS = ("DAY", "HOUR", "MINUTE", "MONTH", "SECOND", "YEAR")
CONTINUES = frozenset(("ARRAY", "PRECISION", "TIME", "TO", "VARYING", "WITH", "WITHOUT", "ZONE", *INTERVAL_FIELDS))
PUNCTUATION = (t.OPEN, t.CLOSE, t.OPEN_BRACKET, t.CLOSE_BRACKET, t.DOT)


def type_name(body: Node, source: Source) -> TypeName:
    """A TypeName node's type."""
    *schemas, name = strings(body["names"])
    schema = schemas[-1] if schemas else None
    if schema in (None, "pg_catalog"):
        schema, name = None, LONG_NAMES.get(name, name)
    modifiers = tuple(
        constant["A_Const"]["ival"].get("ival", 0)
        for constant in body.get("typmods", ())
        if "ival" in constant.get("A_Const", {})
    )
    return TypeName(
        name=name,
        modifiers=modifiers,
        array=bool(body.get("arrayBounds")),
        schema=schema,
        sql=_as_written(body, source),
    )


def _as_written(body: Node, source: Source) -> str:
    """The type's own words, which end where no word, parenthesis or bracket continues them."""
    words = source.words_at(place_of(body))
    if words is not None and words[1].upper() not in CONTINUES:
        return words[0]
    first = source.index(place_of(body))
    end = first
    for index in source.level(first + 1, source.last):
        if not (
            source.tokens.numbers[index] in PUNCTUATION
            or source.tokens.numbers[end] == t.DOT
            or source.text_of(index).upper() in CONTINUES
        ):
            break
        end = index
    return source.sql(first, end)
