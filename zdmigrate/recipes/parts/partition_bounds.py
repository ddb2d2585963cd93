"""A partition's bounds as a CHECK, in the form from which PostgreSQL sees that no row has to be read.

Measured on 14 and 18: ranges and lists of one column, ranges of several, hashes; also of the default partition.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import Bound
    from zdmigrate.schema.relations import Table

_ENDLESS = ("minvalue", "maxvalue")
_HASH = re.compile(r"modulus\s+(\d+)\s*,\s*remainder\s+(\d+)", re.IGNORECASE)


def within(parent: Table, bound: Bound | None, written: str, ground: Ground) -> str:
    """Every row is within the bounds; ``written`` is the statement, of which a hash's modulus is read."""
    key = _key(parent, ground)
    if bound is None:
        found = _HASH.search(written)
        assert found, written
        name = ground.spelled(parent.name).replace("'", "''")
        columns = ", ".join(key)
        return f"satisfies_hash_partition('{name}'::regclass::oid, {found[1]}, {found[2]}, {columns})"
    _refuse_expressions(bound, ground)
    if bound.values:
        return _listed(key[0], bound.values)
    filled = [f"{column} IS NOT NULL" for column in key]
    lower, upper = _edge(key, bound.lower, ">", ">="), _edge(key, bound.upper, "<", "<")
    return " AND ".join(filter(None, (*filled, lower, upper)))


def outside(parent: Table, bound: Bound, ground: Ground) -> str | None:
    """No row is within them; None where PostgreSQL would not see it: a key of several columns."""
    key = _key(parent, ground)
    _refuse_expressions(bound, ground)
    if len(key) > 1:
        return None
    if bound.values:
        values = [value for value in bound.values if value.lower() != "null"]
        said = f"{key[0]} NOT IN ({', '.join(values)})" if values else ""
        return " AND ".join(filter(None, (said, "" if len(values) == len(bound.values) else f"{key[0]} IS NOT NULL")))
    below = "" if bound.lower[0] in _ENDLESS else f"{key[0]} < {bound.lower[0]}"
    above = "" if bound.upper[0] in _ENDLESS else f"{key[0]} >= {bound.upper[0]}"
    return " OR ".join(filter(None, (below, above))) or "false"


def _key(parent: Table, ground: Ground) -> list[str]:
    if not parent.partition_key or not all(parent.partition_key):
        raise ground.refusal(
            f"{parent.name} is partitioned by an expression: which CHECK proves its bounds is for you to say",
            "add the CHECK in a file of its own, NOT VALID and then VALIDATE; attach in the next",
        )
    return [spelled(column) for column in parent.partition_key]


def _refuse_expressions(bound: Bound, ground: Ground) -> None:
    if not all((*bound.lower, *bound.upper, *bound.values)):
        raise ground.refusal("one of the bounds is no plain number or text", "write its value between quotes")


def _listed(column: str, values: tuple[str, ...]) -> str:
    plain = [value for value in values if value.lower() != "null"]
    said = f"{column} IN ({', '.join(plain)})"
    if len(plain) == len(values):
        return f"{column} IS NOT NULL AND {said}"
    return f"{column} IS NULL OR {said}" if plain else f"{column} IS NULL"


def _edge(key: list[str], values: tuple[str, ...], strict: str, last: str) -> str:
    """``(a > 1 OR (a = 1 AND b >= 2))``: the row comparison as PostgreSQL writes it itself."""
    arms, equal = list[str](), list[str]()
    for place, (column, value) in enumerate(zip(key, values, strict=True)):
        if value.lower() in _ENDLESS:
            arms += [" AND ".join(equal)] if equal and (value.lower() == "minvalue") == (strict == ">") else []
            break
        operator = last if place == len(key) - 1 else strict
        arms.append(" AND ".join((*equal, f"{column} {operator} {value}")))
        equal.append(f"{column} = {value}")
    return arms[0] if len(arms) == 1 else f"({' OR '.join(f'({arm})' for arm in arms)})" if arms else ""
