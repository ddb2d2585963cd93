"""Drop a column: expand lets the new version stop writing it, contract drops its indexes and then the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts.building import added_constraint, dropped_index
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.presence import is_there
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.operations import DropColumn
    from zdmigrate.schema.relations import Table, TableColumn

OPERATIONS = ("drop_column",)
MEANWHILE = (
    "reads and writes the column; for rows of the new version it finds NULL, the default, or the value of `--fill`",
    "neither reads nor writes the column",
)
_FIRST = "First, and concurrently: less is left to do under the strong lock."


def recipe(operation: DropColumn, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    column = ground.column(table, operation.column)
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    return leaving(operation, ground).changed(
        notes=(
            f"{table.name.name}.{column.name} goes: the new version neither reads nor writes it, contract drops it.",
            *_told_of_revert(table, column, ground),
        ),
        expand=_released(table, column, alter, ground),
        revert=_taken_back(table, column, alter, ground),
    )


def leaving(operation: DropColumn, ground: Ground) -> Phased:
    """What the drop itself needs in contract. Raises CannotRewrite for what would refuse it."""
    table = ground.table(operation.relation)
    column = ground.column(table, operation.column)
    if operation.cascade:
        raise ground.refusal("CASCADE drops what nobody has named", "drop what hangs on it by name, in the same file")
    ground.refuse_hanging(
        ground.furniture.on(table.name, column.name, "view", "policy", "trigger", "other", "partition key"),
        "it would refuse the drop",
        "drop it in the same file, above",
    )
    labels = ground.furniture.on(table.name, column.name, "label")
    ground.refuse_hanging(
        tuple(each for each in labels if each.type.startswith("REPLICA")),
        "replicas know rows by it",
        "ALTER TABLE ... REPLICA IDENTITY something else first",
    )
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    indexes = ground.furniture.on(table.name, column.name, "index")
    constraints = ground.furniture.on(table.name, column.name, "constraint")
    checks = [each for each in constraints if each.type in ("check", "foreign_key")]
    return Phased(
        table=table.name,
        contract=tuple(
            step for index in indexes for step in dropped_index(table, index.name, ground, _FIRST, sure=True)
        ),
        removal=(
            *(Said("", f"{alter} DROP CONSTRAINT {spelled(each.name)}") for each in checks),
            Said("", f"{alter} DROP COLUMN {spelled(column.name)}"),
        ),
    )


def _must_be_written(column: TableColumn) -> bool:
    return column.not_null and column.default is None and column.identity is None and column.generated is None


def _told_of_revert(table: Table, column: TableColumn, ground: Ground) -> tuple[str, ...]:
    """A note on the rows that a revert stops at, where no ``--fill`` gives them a value."""
    if not _must_be_written(column) or ground.answers.of("fill", table.name.name, column.name) is not None:
        return ()
    name = spelled(column.name)
    mended = f"UPDATE {ground.spelled(table.name)} SET {name} = VALUE WHERE {name} IS NULL"
    stops = "Rows of the new version have NULL there, and a revert stops at them until they have a value"
    return (f"{stops}: {mended}. With --fill {column.name}=VALUE, said now, a revert needs nothing.",)


def _released(table: Table, column: TableColumn, alter: str, ground: Ground) -> tuple[Step, ...]:
    """What lets a version leave the column out."""
    if not _must_be_written(column):
        return ()
    fill = ground.answers.of("fill", table.name.name, column.name)
    if fill is not None:
        why = "So that the new version can leave it out, and the old one still finds a value."
        return (Said(why, f"{alter} ALTER COLUMN {spelled(column.name)} SET DEFAULT {fill}"),)
    why = "So that the new version can leave it out. Old versions then find NULL: --fill VALUE gives them a value."
    return (Said(why, f"{alter} ALTER COLUMN {spelled(column.name)} DROP NOT NULL"),)


def _taken_back(table: Table, column: TableColumn, alter: str, ground: Ground) -> tuple[Step, ...]:
    if not _must_be_written(column):
        return ()
    name = spelled(column.name)
    if ground.answers.of("fill", table.name.name, column.name) is not None:
        return (Said("", f"{alter} ALTER COLUMN {name} DROP DEFAULT"),)
    proof = ground.free(table.name, column.name, "filled")
    filled = f"UPDATE {ground.spelled(table.name)} SET {name} = VALUE WHERE {name} IS NULL"
    add, validate = added_constraint(table, proof, f"CHECK ({is_there(name, column.type, ground)})", ground)
    return (
        Said(
            f"Where it stops at a row that has NULL: {filled}, and then revert again.",
            f"{alter} DROP CONSTRAINT IF EXISTS {spelled(proof)}",
        ),
        add,
        validate,
        Said("The CHECK has proven it: no row is read.", f"{alter} ALTER COLUMN {name} SET NOT NULL"),
        Said("", f"{alter} DROP CONSTRAINT {spelled(proof)}"),
    )
