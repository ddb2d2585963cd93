"""Unique indexes that say the same twice: over columns that a trigger keeps equal to those of another unique index.

ON CONFLICT names one of them, and a concurrent insert then fails with 23505 on the other (docs/reliability.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name

_COLUMN = r'new\s*\.\s*("(?:[^"]|"")+"|\w+)'

_EXPRESSION = r"""(?:"[^"]*"|'[^']*'|[^;"'])*"""  # a semicolon in quotes does not end it


def twin_of(table: Name, columns: tuple[str, ...], catalog: Catalog, mentioned: tuple[str, ...] = ()) -> str:
    """The unique index whose columns a trigger of the table writes from these, and these from them; "" for none.

    ``mentioned`` are columns that expressions, and the WHERE, name.
    """
    partners = _partners(table, catalog)
    new = {*columns, *mentioned}
    for index in catalog.indexes_of(table) if partners else ():
        old = {*index.columns, *index.mentioned}
        same = _stand_for(new - old, old, partners) and _stand_for(old - new, new, partners)
        if index.unique and new != old and same and len(index.columns) == len(columns):
            return index.name.name
    return ""


def _stand_for(columns: set[str], others: set[str], partners: dict[str, set[str]]) -> bool:
    return all(not partners.get(column, set()).isdisjoint(others) for column in columns)


def _partners(table: Name, catalog: Catalog) -> dict[str, set[str]]:
    """For each column those that the table's triggers derive from it, and it from them."""
    known = catalog.tables.get(table)
    functions = set(known.trigger_functions.values()) if known is not None else set()
    bodies = (routine.body or "" for name in functions for routine in catalog.routines_of(name))
    derived = {pair for body in bodies for pair in _derived(body)}
    partners: dict[str, set[str]] = {}
    for target, source in derived:
        if (source, target) in derived and source != target:
            partners.setdefault(target, set()).add(source)
    return partners


def _derived(body: str) -> Iterator[tuple[str, str]]:
    """``NEW.a := … NEW.b …``: each column that is written, with each that it is written from."""
    for assigned in re.finditer(rf"(?is)\b{_COLUMN}\s*:?=({_EXPRESSION});", body):
        for source in re.finditer(rf"(?i)\b{_COLUMN}", assigned[2]):
            yield _folded(assigned[1]), _folded(source[1])


def _folded(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()
