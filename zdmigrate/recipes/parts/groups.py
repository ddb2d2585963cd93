"""Statements of one file that mean one thing: columns that are added, filled from others, which are then dropped.

Each by itself would lose what old versions write between the filling and the drop. Together they say that the same
facts move to other columns, so that a trigger can keep both sides in step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.renaming import Piece, replaced
from zdmigrate.schema import operations as ops
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name, Span
    from zdmigrate.schema.operations import Operation


class ConvertColumns(ops.Operation):
    """Old columns of a table that become new ones; ``updates`` fill the new from the old."""

    kind = "convert_columns"
    told = "a file that adds columns, fills them from others with UPDATE, and drops those"
    new: tuple[ops.Column, ...] = ()
    old: tuple[str, ...] = ()
    updates: tuple[ops.Update, ...] = ()
    members: tuple[tuple[str, Span], ...] = ()  # kind and place of each operation that it stands for


def groups_in(operations: Iterable[Operation], catalog: Catalog) -> tuple[ConvertColumns, ...]:
    """The conversions that a file's operations are, by table."""
    by_table: dict[Name, list[Operation]] = {}
    for each in operations:
        if each.relation is not None:
            by_table.setdefault(catalog.resolve(each.relation), []).append(each)
    return tuple(group for own in by_table.values() for group in _of_table(own))


def _of_table(operations: list[Operation]) -> list[ConvertColumns]:
    added = {each.column.name: each for each in operations if isinstance(each, ops.AddColumn)}
    dropped = {each.column: each for each in operations if isinstance(each, ops.DropColumn)}
    updates = [each for each in operations if isinstance(each, ops.Update)]
    groups: list[tuple[set[str], set[str], list[ops.Update]]] = []
    for update in updates:
        new, old = _targets(update) & added.keys(), _read(update) & dropped.keys()
        if new and old:
            touching = [each for each in groups if each[0] & new or each[1] & old]
            groups = [each for each in groups if each not in touching]
            new, old = new.union(*(each[0] for each in touching)), old.union(*(each[1] for each in touching))
            groups.append((new, old, [*(one for each in touching for one in each[2]), update]))
    return [
        _group(
            [added[name] for name in added if name in new], [dropped[name] for name in dropped if name in old], filling
        )
        for new, old, filling in groups
    ]


def _group(added: list[ops.AddColumn], dropped: list[ops.DropColumn], updates: list[ops.Update]) -> ConvertColumns:
    return ConvertColumns(
        span=added[0].span,
        relation=added[0].relation,
        new=tuple(each.column for each in added),
        old=tuple(each.column for each in dropped),
        updates=tuple(updates),
        members=tuple((each.kind, each.span) for each in (*added, *updates, *dropped)),
    )


def _targets(update: ops.Update) -> set[str]:
    return {each.column for each in update.assignments}


def _read(update: ops.Update) -> set[str]:
    return {column for each in update.assignments if each.expression for column in each.expression.columns}


def unqualified(expression: str) -> str:
    """An expression whose columns are named without their table, as a trigger's WHEN has to put its own before them."""
    piece = Piece(expression)
    return replaced(expression, [(span, spelled(words[-1])) for span, words in piece.references(whole=True)])
