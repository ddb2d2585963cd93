"""All that hangs on a column, carried to another: made beside the old, and given the old's names in contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.recipes.parts import carried_indexes as indexes
from zdmigrate.recipes.parts import carried_words as words
from zdmigrate.recipes.parts.building import proven_not_null
from zdmigrate.recipes.parts.copied import is_serial
from zdmigrate.recipes.parts.hanging import Hanging
from zdmigrate.recipes.parts.move import Load, Move
from zdmigrate.recipes.parts.of_partitions import refuse_what_partitions_have
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.schema.constraints import object_name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.schema.relations import Table, TableColumn


def carried(move: Move) -> Phased:
    """What makes new columns stand where old ones stand. Raises CannotRewrite, naming what cannot be carried."""
    table, names, ground = move.table, move.names, move.ground
    loads: list[Load] = []
    for column in (table.columns[name] for name in names):
        refuse_what_no_trigger_keeps(column, table, ground)
        loads += [_not_null(column, move), _default(column, move)]
    refuse_what_partitions_have(move)
    hanging = [each for each in ground.furniture.on(table.name) if names.keys() & each.columns]
    hanging = [each for each in hanging if each.type != "foreign_key"]
    hanging.sort(key=lambda each: each.kind == "label")  # by then, the new things have the old names
    loads += [_CARRIERS[each.kind](each, move) for each in hanging]
    return Phased(
        table=table.name,
        notes=tuple(note for load in loads for note in load.notes),
        expand=tuple(step for load in loads for step in load.expand),
        filled=tuple(step for load in loads for step in load.filled),
        contract=tuple(step for load in loads for step in load.contract),
        removal=(
            *(said for load in loads for said in load.ahead),
            *(Said(indexes.in_place(old, move), f"{move.alter} DROP COLUMN {spelled(old)}") for old in names),
            *(said for load in loads for said in load.behind),
        ),
        revert=tuple(step for load in reversed(loads) for step in load.revert),
    )


def refuse_what_no_trigger_keeps(column: TableColumn, table: Table, ground: Ground) -> None:
    """Raise CannotRewrite for what the trigger cannot do, or what has no definition that could be made again."""
    refusal = ground.refusal
    told = f"{table.name}.{column.name}"
    if table.inherits or (table.children and not table.partitioned):
        raise refusal(f"{table.name} inherits or is inherited from, and triggers are not", "drop the inheritance first")
    if table.partition_of is not None:
        raise refusal(f"{table.name} is a partition: its columns are those of {table.partition_of}")
    if column.generated:
        raise refusal(f"{told} is generated: a trigger cannot write it", "drop its expression first, or add a new one")
    for other in table.columns.values():
        if other.generation is not None and column.name in other.generation.columns:
            raise refusal(f"{table.name}.{other.name} is generated from {told}", f"drop {other.name} first")


# --------------------------------------------------------------------------- the column's own


def _not_null(column: TableColumn, move: Move) -> Load:
    """NOT NULL, which is validated while everybody works."""
    if not column.not_null:
        return Load()
    new = move.names[column.name]
    proof, mark = proven_not_null(move.table, new, move.ground, move.kinds.get(new, column.type))
    return Load(filled=proof, ahead=mark)


def _default(column: TableColumn, move: Move) -> Load:
    """From contract on: as long as the trigger is there, a default would hide what the old version writes."""
    if is_serial(column):
        return _serial(column, move)
    if column.identity is not None:
        return _identity(column, move)
    if column.default is None:
        return Load()
    new = spelled(move.names[column.name])
    return Load(ahead=(Said("", f"{move.alter} ALTER COLUMN {new} SET DEFAULT {column.default.sql}"),))


def _serial(column: TableColumn, move: Move) -> Load:
    """A serial as files write it; the database describes it as a default and an owned sequence."""
    sequence = move.ground.beside(move.table.name, object_name(move.table.name.name, column.name, "seq"))
    new = spelled(move.names[column.name])
    literal = "'" + sequence.replace("'", "''") + "'"
    default = Said("", f"{move.alter} ALTER COLUMN {new} SET DEFAULT nextval({literal}::regclass)")
    return Load(ahead=(default, _owned_by(sequence, new, move)))


def _owned_by(sequence: str, new: str, move: Move) -> Said:
    return Said("", f"ALTER SEQUENCE {sequence} OWNED BY {move.ground.spelled(move.table.name)}.{new}")


def _owned(each: Hanging, move: Move) -> Load:
    """The sequence stays when the column goes: it belongs to the new one by then."""
    (new,) = move.named(each.columns)
    return Load(ahead=(_owned_by(each.name.removeprefix("sequence "), spelled(new), move),))


def _identity(column: TableColumn, move: Move) -> Load:
    """An identity's sequence cannot change hands: a new one goes on where the old one stands."""
    ground, table, new = move.ground, move.table.name, move.names[column.name]
    old_sequence = ground.furniture.sequence_of(table, column.name) or object_name(table.name, column.name, "seq")
    name = ground.free(table, new, "seq")
    options = f"SEQUENCE NAME {ground.beside(table, name)}{ground.furniture.identity_options(table, column.name)}"
    sequence, old = ground.beside(table, name), ground.beside(table, old_sequence)
    literal = "'" + sequence.replace("'", "''") + "'"
    kind = (column.identity or "always").upper()
    return Load(
        ahead=(
            Said(
                "The sequence of an identity cannot change hands: a new one goes on where the old one stands.",
                f"{move.alter} ALTER COLUMN {spelled(new)} ADD GENERATED {kind} AS IDENTITY ({options})",
            ),
            Said("", f"SELECT pg_catalog.setval({literal}, last_value, is_called) FROM {old}"),
        ),
        behind=(Said("", f"ALTER SEQUENCE {sequence} RENAME TO {spelled(old_sequence)}"),),
    )


_CARRIERS: dict[str, Callable[[Hanging, Move], Load]] = {
    "index": indexes.index,
    "constraint": indexes.constraint,
    "setting": words.setting,
    "comment": words.comment,
    "grant": words.grant,
    "statistics": words.statistics,
    "owned": _owned,
    "identity": indexes.told_with_its_column,
    "view": words.view,
    "label": words.label,
    "policy": words.policy,
    "publication": words.publication,
    "partition key": words.partition_key,
    **dict.fromkeys(("trigger", "other"), words.bystander),
}
