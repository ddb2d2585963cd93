"""Change a column's type: in place where every stored value stays as it is; else a copy under a new name.

The copy gets a name of its own (``--as``, a RENAME COLUMN below, or the configuration's ``rewrite.new_name``): a name
that a stale version still writes must not change its meaning. What else the file does to it is done to the copy.
``up`` and ``down`` are derived where a cast exists that depends on no setting, and asked for otherwise (``--up``,
``--down``); where the old type cannot hold a new value, old versions find ``--fallback``.

A view over it is made anew in contract's transaction, and goes on giving what it gave, under its names and types: a
name that has another type all of a sudden makes prepared queries fail. PostgreSQL refuses any change in place there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.conversions import conversion
from zdmigrate.recipes.parts.copied import added, told_of_null, type_sql
from zdmigrate.recipes.parts.pair import Pair
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.renaming import folded
from zdmigrate.schema.spelling import spelled
from zdmigrate.schema.state import ScriptState
from zdmigrate.schema.type_changes import type_change

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AlterColumnType, TypeName
    from zdmigrate.schema.relations import Table, TableColumn

OPERATIONS = ("alter_column_type",)
MEANWHILE = (
    "reads and writes the old name; what the new version writes it finds as the old type has it, or as `--fallback`",
    "reads and writes the new name, and finds what old versions write",
)


def recipe(operation: AlterColumnType, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    old = ground.column(table, operation.column)
    is_free = _is_free(operation, ground)
    if is_free and not _is_in_a_view(table, old.name, ground):
        return _in_place(operation, table, ground)
    new = _new_name(operation, table, ground)
    told, alter = f"{table.name.name}.{old.name}", f"ALTER TABLE {ground.spelled(table.name)}"
    if new is None:
        why = "and a view is in its way" if is_free else "which rewrites the table"
        raise ground.refusal(
            f"{told} becomes {operation.type.sql}, {why}: it needs a copy under a name of its own",
            f"name it: --as {old.name}=NEWNAME",
        )
    raw, up, down = (
        _up(operation, table, old, ground),
        _total_up(operation, table, old, ground),
        _down(operation, table, old, new, ground),
    )
    return Phased(
        table=table.name,
        notes=(
            f"{told} becomes {new}, of type {operation.type.sql}: until contract, versions may use either.",
            *told_of_null(old, new),
        ),
        expand=(
            Said(
                "A column without a default: the catalog changes, the table does not.",
                added(table, old, new, ground, operation.type, operation.collation),
            ),
        ),
        pairs=(
            Pair(
                table=table.name,
                up=((new, up),),
                down=((old.name, down),),
                fill=((new, raw),),
                exact=False,
                fills_null=_is_said(operation, table, old, ground),
            ),
        ),
        moved={old.name: new},
        kinds={new: operation.type},
        undoing=(Said("", f"{alter} DROP COLUMN IF EXISTS {spelled(new)}"),),
    )


def name_of_copy(operation: AlterColumnType, said: str | None, ground: Ground) -> str | None:
    """The new name of the column, ``said`` by a RENAME below if at all; None where it is none, or changes in place."""
    table = ground.furniture.catalog.table(operation.relation)
    if table is None or (_is_free(operation, ground) and not _is_in_a_view(table, operation.column, ground)):
        return None
    answer = ground.answers.of("new_names", table.name.name, operation.column)
    if said is not None and answer not in (said, None):
        raise ground.refusal(
            f"{table.name.name}.{operation.column} becomes {said} below, and --as says {answer}",
            f"say one: leave --as out, or the RENAME COLUMN to {said}",
        )
    return said or _new_name(operation, table, ground)


def _new_name(operation: AlterColumnType, table: Table, ground: Ground) -> str | None:
    answer = ground.answers.of("new_names", table.name.name, operation.column)
    return answer or _by_pattern(operation, table, ground)


def _is_free(operation: AlterColumnType, ground: Ground) -> bool:
    return type_change(operation, ground.furniture.catalog, ScriptState()) == "none"


def _is_in_a_view(table: Table, column: str, ground: Ground) -> bool:
    """PostgreSQL refuses any change of type then; a view that the file drops is there until contract."""
    dropped = any(kind == "view" for kind, _ in ground.names.leaving)
    return dropped or bool(ground.furniture.on(table.name, column, "view"))


def _by_pattern(operation: AlterColumnType, table: Table, ground: Ground) -> str | None:
    """The name that the configuration's pattern gives; None where there is none, or it is too long."""
    kind = re.sub(r"\W+", "_", type_sql(operation.type)).strip("_").lower()
    name = ground.answers.new_name.format(table=table.name.name, column=operation.column, type=kind)
    return name if 0 < len(name.encode()) < 64 else None


def _in_place(operation: AlterColumnType, table: Table, ground: Ground) -> Phased:
    """Nothing is rewritten, read or built: the catalog alone changes."""
    told = f"{table.name.name}.{operation.column}"
    change = f"ALTER COLUMN {spelled(operation.column)} TYPE {operation.type.sql}"
    return Phased(
        table=table.name,
        notes=(
            f"{told} becomes {operation.type.sql} in place. A revert leaves it so: narrowing would read every row.",
        ),
        expand=(
            Said(
                "Every stored value is one of the new type: no row is read.",
                f"ALTER TABLE {ground.spelled(table.name)} {change}",
            ),
        ),
    )


def _up(operation: AlterColumnType, table: Table, old: TableColumn, ground: Ground) -> str:
    """The new value as the naive file means it; it may fail, and then stops the backfill at that row."""
    said = ground.answers.of("up", table.name.name, old.name) or (operation.using.sql if operation.using else None)
    return _cast(said or spelled(old.name), operation.type)


def _total_up(operation: AlterColumnType, table: Table, old: TableColumn, ground: Ground) -> str:
    """The new value for the trigger: an app's write must not fail."""
    assert old.type is not None
    if _is_said(operation, table, old, ground):
        return _up(operation, table, old, ground)
    cast = conversion(old.type, operation.type)
    if cast is None:
        raise ground.refusal(
            f"no cast from {old.type.sql} to {operation.type.sql} is known that no setting changes",
            f"say it: --up '{old.name}=EXPRESSION over {old.name}' --down '{old.name}=EXPRESSION over the new column'",
        )
    return cast.total(spelled(old.name), "NULL")


def _is_said(operation: AlterColumnType, table: Table, old: TableColumn, ground: Ground) -> bool:
    """Whether the new value is an expression of the user's, of which nobody knows what it makes of NULL."""
    said = ground.answers.of("up", table.name.name, old.name)
    return said is not None or (operation.using is not None and not _is_the_cast(operation, old))


def _cast(expression: str, kind: TypeName) -> str:
    """Values are compared by image: both have to be of the column's very type."""
    return f"CAST({expression} AS {type_sql(kind)})"


def _is_the_cast(operation: AlterColumnType, old: TableColumn) -> bool:
    """Whether USING says what PostgreSQL would do without it: the column, or its cast to the new type."""
    plain = "".join(operation.using.sql.split()) if operation.using else ""
    column, colons, kind = plain.rpartition("::") if "::" in plain else (plain, "", "")
    same_type = not colons or kind.lower() == "".join(operation.type.sql.lower().split())
    return same_type and folded(column) == "".join(old.name.split())


def _down(operation: AlterColumnType, table: Table, old: TableColumn, new: str, ground: Ground) -> str:
    """The old value, whatever the new version writes."""
    said = ground.answers.of("down", table.name.name, old.name)
    assert old.type is not None
    if said is not None:
        _must_not_have_both(table, old, new, ground)
        return _cast(said, old.type)
    cast = conversion(operation.type, old.type)
    if cast is None or (operation.using is not None and not _is_the_cast(operation, old)):
        raise ground.refusal(
            f"nothing says what an old version finds in {old.name} for a value of {new}",
            f"say it: --down '{old.name}=EXPRESSION over {new}'",
        )
    if not cast.fits or _is_key(table, old.name):
        return cast.sql(spelled(new))
    fallback = ground.answers.of("fallback", table.name.name, old.name)
    if fallback is None or (fallback.lower() == "null" and old.not_null):
        raise ground.refusal(
            f"{old.type.sql} cannot hold every {operation.type.sql}: nothing says what old versions find then",
            f"say it: --fallback {old.name}=VALUE" + ("" if old.not_null else f", or --fallback {old.name}=NULL"),
        )
    return _cast(cast.total(spelled(new), fallback), old.type)  # the fallback may be of another type: 0 is an integer


def _must_not_have_both(table: Table, old: TableColumn, new: str, ground: Ground) -> None:
    """Nobody knows for which values the user's own expression fails: a fallback beside it would be of no use."""
    if ground.answers.of("fallback", table.name.name, old.name) is not None:
        raise ground.refusal(
            f"--fallback does nothing beside --down, which says what old versions find in {old.name}",
            f"say all of it: --down '{old.name}=CASE WHEN ... {spelled(new)} ... ELSE VALUE END', or leave --down out",
        )


def _is_key(table: Table, column: str) -> bool:
    """A key has no value to fall back to: two rows would have it."""
    kinds = ("unique", "primary_key", "foreign_key")
    return any(kept.type in kinds and column in kept.columns for kept in table.constraints.values())
