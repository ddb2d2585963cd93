"""Rename a value of an enum: a new type under a new name, and a copy of each column of it (``--as``).

The label is what apps send and get. A second label beside the first (ADD VALUE) would break no query, but old versions
would read one that they do not know, and no value of an enum can be dropped. With a copy, old versions write and read
the old label in the old column, new ones the new label in the new one, and a trigger translates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.change_type import recipe as change_type
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.texts import Thing, labels
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import AlterColumnType, TypeName
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import RenameEnumValue
    from zdmigrate.schema.relations import Table, TableColumn

OPERATIONS = ("rename_enum_value",)
MEANWHILE = (
    "reads and writes the old column, with the old value",
    "reads and writes the new column, with the new value",
)


def recipe(operation: RenameEnumValue, ground: Ground) -> tuple[Phased, ...]:
    enum = ground.furniture.catalog.new_name(operation.type)
    texts = ground.furniture.texts.of(Thing("type", enum))
    if not texts:
        raise ground.refusal(f"nothing says which values {enum} has", "name the database with --dsn")
    values = labels(texts)
    if operation.value not in values:
        raise ground.refusal(f"{enum} has no value {quoted(operation.value)}")
    new = Name(enum.schema, ground.free(enum, "", "2"))
    listed = ", ".join(quoted(operation.new_value if value == operation.value else value) for value in values)
    made = Phased(
        table=new,
        notes=(
            f"{quoted(operation.value)} becomes {quoted(operation.new_value)}, in a type of its own, {new.name}.",
            f"{enum.name} stays, for functions and casts that name it: DROP TYPE in a later change.",
        ),
        expand=(
            Said(
                "No value of an enum can go: a type of its own.",
                f"CREATE TYPE {ground.spelled(new)} AS ENUM ({listed})",
            ),
        ),
        undoing=(Said("", f"DROP TYPE IF EXISTS {ground.spelled(new)}"),),
    )
    return (made, *(_copied(operation, table, column, new, ground) for table, column in columns_of(enum, ground)))


def columns_of(enum: Name, ground: Ground) -> Iterator[tuple[Table, TableColumn]]:
    """Every column of the type. Raises CannotRewrite for what is made of it and is no column."""
    catalog = ground.furniture.catalog
    for name, domain in catalog.domains.items():
        if domain.base is not None and _is(domain.base, enum, ground):
            raise ground.refusal(f"the domain {name} is of {enum}: its columns need another domain", "rewrite by hand")
    for table in catalog.tables.values():
        for column in table.columns.values():
            if column.type is None or not _is(column.type, enum, ground):
                continue
            if column.type.array:
                raise ground.refusal(f"{table.name}.{column.name} is an array of {enum.name}", "copy it by hand")
            if table.partition_of is None:
                yield ground.table(table.name), column


def _is(kind: TypeName, enum: Name, ground: Ground) -> bool:
    return ground.furniture.catalog.new_name(Name(kind.schema, kind.name)) == enum


def _copied(operation: RenameEnumValue, table: Table, column: TableColumn, new: Name, ground: Ground) -> Phased:
    """The column as one of another type; ``up`` and ``down`` are one another's opposite."""
    old_label, new_label = quoted(operation.value), quoted(operation.new_value)
    name = ground.answers.of("new_names", table.name.name, column.name)
    key, old = f"{table.name.name}.{column.name}", spelled(column.name)
    up = f"CASE {old} WHEN {old_label} THEN {new_label} ELSE {old}::text END"
    down = f"CASE {spelled(name or '')} WHEN {new_label} THEN {old_label} ELSE {spelled(name or '')}::text END"
    answers = ground.answers.changed(up={**ground.answers.up, key: up}, down={**ground.answers.down, key: down})
    kind = TypeName(name=new.name, schema=new.schema, sql=ground.spelled(new))
    change = AlterColumnType(span=operation.span, relation=table.name, column=column.name, type=kind)
    words = {old_label: new_label, operation.type.name: ground.spelled(new)}
    return change_type(change, ground._replace(answers=answers)).changed(words=words)


def quoted(label: str) -> str:
    return "'" + label.replace("'", "''") + "'"
