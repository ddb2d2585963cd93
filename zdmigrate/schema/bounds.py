"""Whether validated CHECKs prove that a table's rows are within a partition's bounds, or outside of them.

Only what PostgreSQL's own prover sees as well (predtest.c; measured by test_effects): one key column, comparisons
with literals. For everything else the answer is no, and the rows are read.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.schema.conditions import alternatives, column_and_rest, conjuncts
from zdmigrate.schema.proofs import is_proven_not_null

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.conditions import Tokens
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Bound

_ENDLESS = ("minvalue", "maxvalue")
_ZONED = "timestamp with time zone"
_TYPES = ("smallint", "integer", "bigint", "numeric", "date", "timestamp without time zone", _ZONED, "text", "uuid")
_NUMBER = r"-?\d+(\.\d+)?"
_DAY = r"'\d{4}-\d\d-\d\d'"
_WITH_ZONE = r"'.*:.*([+-]\d\d(:?\d\d)?|Z)'"


class Condition(NamedTuple):
    """``column operator values`` of a CHECK."""

    column: str
    operator: str
    values: tuple[str, ...]


def is_within(table: Name, key: tuple[str, ...], bound: Bound | None, catalog: Catalog) -> bool:
    """Whether every row of the table is known to belong into a partition with this bound."""
    column = _plain_key(table, key, bound, catalog)
    if column is None or bound is None:
        return False
    said = [found for found in _conditions(table, catalog) if found.column == column]
    if bound.values:
        filled = "null" in bound.values or is_proven_not_null(table, column, catalog)
        return filled and any(
            found.operator in ("=", "in") and set(found.values) <= set(bound.values) for found in said
        )
    lower = bound.lower[0] == "minvalue" or any(_is_from(found, bound.lower[0]) for found in said)
    upper = bound.upper[0] == "maxvalue" or any(_is_below(found, bound.upper[0]) for found in said)
    return lower and upper and is_proven_not_null(table, column, catalog)


def is_outside(table: Name, key: tuple[str, ...], bound: Bound | None, catalog: Catalog) -> bool:
    """Whether no row of the table, a default partition, can belong into a partition with this bound."""
    column = _plain_key(table, key, bound, catalog)
    if column is None or bound is None:
        return False
    if bound.values:
        unequal = (found for found in _conditions(table, catalog) if found.operator in ("<>", "!=", "not in"))
        excluded = {value for found in unequal if found.column == column for value in found.values}
        return "null" not in bound.values and set(bound.values) <= excluded
    return any(
        all(_excludes(arm, column, bound) for arm in alternatives(condition)) for condition in _texts(table, catalog)
    )


def _plain_key(table: Name, key: tuple[str, ...], bound: Bound | None, catalog: Catalog) -> str | None:
    """The one column of the key, where it and the bound's literals are of a kind that compares without doubt."""
    if bound is None or len(key) != 1 or not key[0]:
        return None
    known = catalog.tables.get(table)
    column = None if known is None else known.columns.get(key[0])
    if column is None or column.type is None or column.type.array or column.type.name not in _TYPES:
        return None
    values = (*bound.lower, *bound.upper, *bound.values)
    zoned = column.type.name == _ZONED
    fits = all(value and (value in _ENDLESS or not zoned or re.fullmatch(_WITH_ZONE, value)) for value in values)
    return key[0] if fits else None


# --------------------------------------------------------------------------- what a CHECK says


def _texts(table: Name, catalog: Catalog) -> Iterator[Tokens]:
    known = catalog.tables.get(table)
    for constraint in known.constraints.values() if known else ():
        if constraint.type == "check" and constraint.validated and constraint.expression is not None:
            yield from conjuncts(constraint.expression.sql)


def _conditions(table: Name, catalog: Catalog) -> Iterator[Condition]:
    for tokens in _texts(table, catalog):
        yield from _read(tokens)


def _read(tokens: Tokens) -> Iterator[Condition]:
    column, rest = column_and_rest(tokens)
    if rest[:1] == ("between",) and "and" in rest:
        cut = rest.index("and")
        for operator, tokens in ((">=", rest[1:cut]), ("<=", rest[cut + 1 :])):
            if value := _literal(tokens):
                yield Condition(column, operator, (value,))
    elif rest[:1] == ("in",) or rest[:2] == ("not", "in"):
        operator = "in" if rest[0] == "in" else "not in"
        listed = _list(rest[1 if operator == "in" else 2 :])
        if listed:
            yield Condition(column, operator, listed)
    elif rest and rest[0] in _OPERATORS and (value := _literal(rest[1:])):
        yield Condition(column, rest[0], (value,))


_OPERATORS = ("=", "<", "<=", ">", ">=", "<>", "!=")


def _literal(tokens: Tokens) -> str:
    """A number, or a text, DATE or TIMESTAMP before or a cast behind it; "" for everything else."""
    if tokens[:1] == ("-",) and len(tokens) > 1:
        tokens = ("-" + tokens[1], *tokens[2:])
    if tokens[:1] in (("date",), ("timestamp",)) and len(tokens) == 2:
        tokens = tokens[1:]
    if tokens[1:2] == ("::",) and all(re.fullmatch(r"\w+", word) for word in tokens[2:]):
        tokens = tokens[:1]
    plain = len(tokens) == 1 and (re.fullmatch(_NUMBER, tokens[0]) or tokens[0].startswith("'"))
    return tokens[0] if plain else ""


def _list(tokens: Tokens) -> tuple[str, ...]:
    """The literals of ``(1, 2, 3)``; none where one of them is no literal."""
    cuts = [place for place, piece in enumerate(tokens) if piece in ("(", ",", ")")]
    items = [_literal(tokens[start + 1 : end]) for start, end in pairwise(cuts)]
    return tuple(items) if all(items) else ()


# --------------------------------------------------------------------------- comparing


def _is_from(found: Condition, lower: str) -> bool:
    value = found.values[0]
    if found.operator == "=":
        return _is_order(lower, "<=", value)
    return found.operator in (">", ">=") and _is_order(lower, "<=", value)


def _is_below(found: Condition, upper: str) -> bool:
    value = found.values[0]
    if found.operator in ("=", "<="):
        return _is_order(value, "<", upper)
    return found.operator == "<" and _is_order(value, "<=", upper)


def _excludes(arm: Tokens, column: str, bound: Bound) -> bool:
    """Whether a row of which this holds is outside of a range."""
    said = (found for found in _read(arm) if found.column == column)
    return any(_is_outside_range(found, bound.lower[0], bound.upper[0]) for found in said)


def _is_outside_range(found: Condition, lower: str, upper: str) -> bool:
    value = found.values[0]
    if found.operator in ("<", "<=", "="):
        strict = "<=" if found.operator == "<" else "<"
        if lower not in _ENDLESS and _is_order(value, strict, lower):
            return True
    return found.operator in (">", ">=", "=") and upper not in _ENDLESS and _is_order(upper, "<=", value)


def _is_order(smaller: str, operator: str, larger: str) -> bool:
    """Whether two literals are known to be in this order."""
    if smaller == larger:
        return operator == "<="
    if re.fullmatch(_NUMBER, smaller) and re.fullmatch(_NUMBER, larger):
        return float(smaller) < float(larger)
    days = re.fullmatch(_DAY, smaller) and re.fullmatch(_DAY, larger)
    return bool(days) and smaller < larger  # in this form they are in order as texts
