"""PARTITION BY and FOR VALUES: the columns of a key, and the values of a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import string

if TYPE_CHECKING:
    from zdmigrate.sql.lift.nodes import Node


def partition_key(specification: Node) -> tuple[str, ...]:
    return tuple(node["PartitionElem"].get("name", "") for node in specification.get("partParams", ()))


def bound_of(body: Node) -> o.Bound | None:
    """The values of a range or list, those that are literals or MINVALUE and MAXVALUE; an expression is ""."""
    if body.get("strategy") not in ("r", "l"):
        return None
    lower, upper, listed = (
        tuple(_value(node) for node in body.get(field, ())) for field in ("lowerdatums", "upperdatums", "listdatums")
    )
    return o.Bound(lower=lower, upper=upper, values=listed)


def _value(node: Node) -> str:
    constant = node.get("A_Const", {})
    if "sval" in constant:
        return "'" + str(constant["sval"].get("sval", "")).replace("'", "''") + "'"
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    if "isnull" in constant:
        return "null"
    fields = node.get("ColumnRef", {}).get("fields", [{}])
    return string(fields[-1]).lower() if "String" in fields[-1] else ""
