"""UPDATE, DELETE and INSERT ... SELECT: a backfill, which runs in batches; it has to be repeatable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.backfills import is_repeatable_update
from zdmigrate.schema.operations import Delete, Insert, Merge
from zdmigrate.schema.spelling import spelled_list

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import CannotRewrite, Ground
    from zdmigrate.schema.operations import Update
    from zdmigrate.schema.relations import Table

OPERATIONS = ("update", "delete", "insert", "merge")
MEANWHILE = ("reads and writes as ever; what it writes after the backfill stays as it is", "finds the rows changed")
_KEPT = "Rows that this changes are not changed back by a revert."


def recipe(operation: Update | Delete | Insert | Merge, ground: Ground) -> Phased:
    if not isinstance(operation, Delete) and operation.assigned_twice:
        twice = ", ".join(operation.assigned_twice)
        raise ground.refusal(f"{twice} is given twice: PostgreSQL refuses the statement", "keep one of the two")
    if isinstance(operation, Insert) and not operation.from_query:
        return Phased(table=None, filled=(Said("", ground.text_of(operation)),), notes=(_KEPT,))
    if isinstance(operation, Merge):
        raise _parted(operation, ground)
    _refuse_once_only(operation, ground)
    return Phased(
        backfill=(Said("Written as for the whole table; it runs in batches.", ground.text_of(operation)),),
        notes=(_KEPT,),
    )


def _parted(operation: Merge, ground: Ground) -> CannotRewrite:
    """What refuses a MERGE, with the statements that say the same."""
    table, source = operation.relation, next(iter(operation.sources), "...")
    return ground.refusal(
        "MERGE cannot run in batches: one that meets a row again would take what it has inserted for matched, and "
        "MERGE has no ON CONFLICT",
        f"say it in two, in this order: UPDATE {table} SET ... FROM {source} WHERE (the ON of the MERGE); "
        f"INSERT INTO {table} (...) SELECT ... FROM {source} ON CONFLICT DO NOTHING",
    )


def _refuse_once_only(operation: Update | Delete | Insert, ground: Ground) -> None:
    """Raise CannotRewrite for what is not harmless when it meets a row twice: a row that is updated may move on."""
    if isinstance(operation, Delete):
        return
    if isinstance(operation, Insert):
        _refuse_inserting_twice(operation, ground)
    elif not is_repeatable_update(operation, ground.furniture.catalog):
        raise ground.refusal(
            "batches meet some rows twice, and this UPDATE does not leave them as the first time did",
            "let WHERE tell which rows are done (... AND done IS NULL), or write the result into a column of its own",
        )


def _refuse_inserting_twice(operation: Insert, ground: Ground) -> None:
    """Raise CannotRewrite where nothing tells a row that an earlier batch has inserted: one that moved is met again."""
    table = ground.furniture.catalog.table(operation.relation)
    keys = None if table is None or not (table.complete or ground.furniture.live) else _keys(operation, table, ground)
    if keys == []:
        assert table is not None
        raise ground.refusal(
            f"batches meet some rows twice, and no unique key of {table.name} is among what this INSERT gives: nothing "
            "tells that a row is there already, ON CONFLICT or not",
            f"in a file before this one, a column of {table.name} for the key of what is read, and UNIQUE on it; then "
            "INSERT INTO ... SELECT ... ON CONFLICT DO NOTHING with it",
        )
    if operation.on_conflict == "nothing":
        return
    target = f" ({spelled_list(keys[0])})" if keys else ""
    raise ground.refusal(
        "batches meet some rows twice, and this INSERT would insert them twice, or fail as a duplicate",
        f"end it with ON CONFLICT{target} DO NOTHING: a row that is there already then stays as it is, where this "
        "INSERT would stop with an error" + ("" if keys else "; it needs a unique index of what tells the rows"),
    )


def _keys(operation: Insert, table: Table, ground: Ground) -> list[tuple[str, ...]]:
    """The unique keys of which the INSERT gives every column; all columns where it lists none."""
    given = set(operation.columns or table.columns)
    indexes = ground.furniture.catalog.indexes_of(table.name)
    unique = [each.columns for each in indexes if each.unique and not each.partial]
    listed = [each.columns for each in table.constraints.values() if each.type in ("unique", "primary_key")]
    return [columns for columns in dict.fromkeys((*listed, *unique)) if given.issuperset(columns)]
