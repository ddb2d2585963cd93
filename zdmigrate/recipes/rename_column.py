"""Rename a column: a copy under the new name, kept in step by a trigger until no live version knows the old one.

1. expand: add the column, without default; a trigger writes each side when the other is written;
2. backfill: fill the rows that nobody wrote;
3. expand: indexes, keys, CHECKs, foreign keys and NOT NULL beside the old ones;
4. contract, in one transaction: trigger and old column go, the default comes, everything gets the old's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.copied import added, told_of_null
from zdmigrate.recipes.parts.pair import Pair
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameColumn

OPERATIONS = ("rename_column",)
MEANWHILE = (
    "reads and writes the old name, and finds what the new version writes",
    "reads and writes the new name, and finds what old versions write",
)


def recipe(operation: RenameColumn, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    old, new = ground.column(table, operation.column), operation.new_name
    return Phased(
        table=table.name,
        notes=(
            f"{table.name.name}.{old.name} becomes {new}: until contract, versions may use either name.",
            *told_of_null(old, new),
        ),
        expand=(
            Said(
                "A column without a default: the catalog changes, the table does not.", added(table, old, new, ground)
            ),
        ),
        pairs=(Pair(table=table.name, up=((new, spelled(old.name)),), down=((old.name, spelled(new)),)),),
        moved={old.name: new},
        undoing=(Said("", f"ALTER TABLE {ground.spelled(table.name)} DROP COLUMN IF EXISTS {spelled(new)}"),),
    )
