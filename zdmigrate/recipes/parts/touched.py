"""What a file does to a column besides copying it: what only the old one, or nobody, would keep, is refused.

A copied column gets all that the old one has before the file. What another statement of the same file adds to the old
one goes with it in contract, and what it takes away would come back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.renaming import folded
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import AddForeignKey, RenameTable, SetSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.recipes.parts.ground import CannotRewrite, Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.phased import Phased
    from zdmigrate.schema.operations import Operation

_WORD = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^\W\d][\w$]*")
_ROWS = {"update", "delete", "insert"}  # the trigger takes them to the other side
_BEFORE = {*_ROWS, "drop_default", "drop_view", "drop_materialized_view"}
_ON_A_RENAMED = {*_ROWS, "set_default", "set_not_null", "create_index", "create_view", "create_materialized_view"}
_ON_A_RENAMED |= {"add_check", "add_unique", "add_primary_key", "add_foreign_key", "add_not_null"}
WORDS = {"comment_on", "set_statistics", "set_storage", "set_compression", "set_column_options"}
_ON_A_RENAMED |= WORDS
_ON_ANOTHER_TYPE = {"set_default", "create_view"}  # these two know the new column's name


class Done(NamedTuple):
    """An operation, where it stood, and what its recipe made of it."""

    operation: Operation
    ground: Ground
    parts: tuple[Phased, ...]


def refuse_touched(done: Sequence[Done], first: Furniture, last: Furniture) -> None:
    """Raise CannotRewrite for the first operation beside a copy that would be lost, or would come back."""
    for place, copying in enumerate(done):
        _refuse_behind_a_view(copying, done[place + 1 :])
        for part in copying.parts:
            for old, new in part.moved.items():
                assert part.table is not None
                column = _Column(part.table, old, new, of_another_type=bool(part.kinds))
                for each in done[:place]:
                    _refuse(each, column, _BEFORE, old, "behind it, or before")
                allowed = _ON_ANOTHER_TYPE if column.of_another_type else _ON_A_RENAMED
                for each in done[place + 1 :]:
                    _refuse(each, column, allowed, old if column.of_another_type else new, "behind it")
                _refuse_gone(column, copying.ground, first, last)


def _refuse_behind_a_view(renaming: Done, others: Sequence[Done]) -> None:
    """Raise CannotRewrite for what follows a table under its new name, which is a view until contract."""
    operation, catalog = renaming.operation, renaming.ground.furniture.catalog
    if not isinstance(operation, RenameTable | SetSchema) or operation.relation is None:
        return
    old = catalog.resolve(operation.relation)
    new = _new_name(operation, old)
    for each in others:
        if new in [each.ground.furniture.catalog.resolve(table) for table in _tables(each.operation)]:
            raise each.ground.refusal(
                f"{new} is a view until contract: {each.operation.kind.replace('_', ' ')} has to be done to the table",
                f"write it above the new name, on {old}, or in a file of its own behind this one",
            )


def _new_name(operation: RenameTable | SetSchema, old: Name) -> Name:
    if isinstance(operation, SetSchema):
        return Name(operation.name, old.name)
    return Name(old.schema, operation.new_name)


class _Column(NamedTuple):
    table: Name
    old: str
    new: str
    of_another_type: bool


def _refuse(each: Done, column: _Column, allowed: set[str], name: str, where: str) -> None:
    operation = each.operation
    filling = operation.kind == "set_not_null" and any(part.pairs or part.backfill for part in each.parts)
    copies_it = any(name in part.moved for part in each.parts) and operation.kind != "rename_column"
    if (operation.kind in allowed and not filling) or copies_it:
        return
    if names_column(operation, each.ground, column.table, name):
        raise lost(operation, each.ground, column.table, name, column.new, where)


def lost(
    operation: Operation, ground: Ground, table: Name, column: str, new: str, where: str = "behind it"
) -> CannotRewrite:
    """What refuses an operation on a column that is copied."""
    return ground.refusal(
        f"{table}.{column} is copied to {new} by this file, and {operation.kind.replace('_', ' ')} of it "
        "beside that would be lost",
        f"write it in a file of its own {where}" + (f", on {new}" if where == "behind it" else ""),
    )


def names_column(operation: Operation, ground: Ground, table: Name, column: str) -> bool:
    """Whether an operation is about the table, and has the column's name among its words."""
    catalog = ground.furniture.catalog
    if table not in (catalog.resolve(each) for each in _tables(operation)):
        return False
    words = _WORD.findall(ground.text_of(operation))
    said = {folded(word) for word in words if not word.startswith("'")}
    return column in said or column in _key_meant(operation, ground, table)


def _key_meant(operation: Operation, ground: Ground, table: Name) -> tuple[str, ...]:
    """REFERENCES without columns is to the table's primary key."""
    constraint = operation.constraint if isinstance(operation, AddForeignKey) else None
    catalog = ground.furniture.catalog
    if constraint is None or constraint.references is None or constraint.referenced_columns:
        return ()
    known = catalog.tables.get(table)
    if known is None or catalog.resolve(constraint.references) != table:
        return ()
    return next((each.columns for each in known.constraints.values() if each.type == "primary_key"), ())


def _tables(operation: Operation) -> Iterator[Name]:
    constraint = getattr(operation, "constraint", None)
    references = getattr(constraint, "references", None)
    for table in (operation.relation, references, *getattr(operation, "sources", ())):
        if table is not None:
            yield table


def _refuse_gone(column: _Column, ground: Ground, first: Furniture, last: Furniture) -> None:
    """What hung on it has to hang there still, or be something that needs no carrying."""
    there = {each.told for each in last.hanging}
    told = f"hangs on {column.table}.{column.old}, which is copied, and"
    for each in first.on(column.table, column.old):
        if each.kind in ("constraint", "policy", "trigger", "statistics") and each.told not in there:
            raise ground.refusal(
                f"{each.told} {told} another statement takes it away",
                "write that in a file of its own, before this one",
            )
        if each.kind == "index" and _is_remade(each, ground, there):
            raise ground.refusal(
                f"{each.told} {told} gets another form or name here",
                "write that in a file of its own, before this one",
            )


def _is_remade(index: Hanging, ground: Ground, there: set[str]) -> bool:
    dropped = any(kind == "index" and thing.name == index.name for kind, thing in ground.names.leaving)
    return dropped == (index.told in there)


def still_there(first: Furniture, last: Furniture) -> Furniture:
    """What was there, without the views and indexes that the file drops: they are not carried anywhere."""
    there = {each.told for each in last.hanging}
    gone = ("view", "index", "other")
    return first.changed(hanging=tuple(each for each in first.hanging if each.kind not in gone or each.told in there))
