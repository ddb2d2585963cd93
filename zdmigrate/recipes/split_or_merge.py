"""Split a column into several, or merge several into one: what a file adds, fills from columns that it then drops.

The naive file says the way forth, in its UPDATE; the way back, what an old version finds where the new one has
written, is said with ``--down OLD=EXPRESSION``. A default and NOT NULL of a new column hold from contract on: until
then a default would hide what the old version writes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.recipes.add_column import New, constrained
from zdmigrate.recipes.parts.building import proven_not_null
from zdmigrate.recipes.parts.carried import refuse_what_no_trigger_keeps
from zdmigrate.recipes.parts.copied import told_of_null, type_sql
from zdmigrate.recipes.parts.domains import refuse_constrained
from zdmigrate.recipes.parts.groups import unqualified
from zdmigrate.recipes.parts.pair import Pair
from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.renaming import Piece
from zdmigrate.schema.history_of_tables import SERIAL
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.schema.volatility import is_known, is_volatile

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.groups import ConvertColumns
    from zdmigrate.recipes.parts.phased import Step
    from zdmigrate.schema.operations import Column, Expression, TypeName, Update
    from zdmigrate.schema.relations import Table

OPERATIONS = ("convert_columns",)
MEANWHILE = (
    "reads and writes the old columns; what the new version writes it finds as `--down` says",
    "reads and writes the new columns; what old versions write it finds as the file's UPDATE says",
)


def recipe(operation: ConvertColumns, ground: Ground) -> Phased:
    table = ground.table(operation.relation)
    for name in operation.old:
        refuse_what_no_trigger_keeps(ground.column(table, name), table, ground)
    for column in operation.new:
        _refuse_new(column, table, ground)
    up = _ups(operation, table, ground)
    down = tuple((name, _down(name, operation, up, table, ground)) for name in operation.old)
    alter = f"ALTER TABLE {ground.spelled(table.name)}"
    halves = {
        each.name: proven_not_null(table, each.name, ground, each.type) for each in operation.new if each.not_null
    }
    return Phased(
        table=table.name,
        notes=_notes(operation, table),
        expand=tuple(
            Said("A column without a default: the catalog changes, the table does not.", _added(column, alter))
            for column in operation.new
        ),
        pairs=(
            Pair(
                table=table.name, up=tuple(up.items()), down=down, exact=_is_copy(operation, up, table), fills_null=True
            ),
        ),
        contract=(
            *(step for proof, _ in halves.values() for step in proof),
            *(step for column in operation.new for step in _held(column, table, ground)),
        ),
        removal=(
            *(_defaulted(column, alter) for column in operation.new if column.default),
            *(said for _, mark in halves.values() for said in mark),
        ),
        undoing=tuple(Said("", f"{alter} DROP COLUMN IF EXISTS {spelled(each.name)}") for each in operation.new),
    )


def _notes(operation: ConvertColumns, table: Table) -> tuple[str, ...]:
    old, new = ", ".join(operation.old), ", ".join(column.name for column in operation.new)
    required = [name for name in operation.old if table.columns[name].not_null]
    hidden = [note for name in operation.old for note in told_of_null(table.columns[name], new)]
    told = f"{table.name.name}.{old} becomes {new}: until contract, versions may use either side."
    needed = f"{', '.join(required)} is NOT NULL: what the new version writes must give it a value until contract."
    return (told, *([needed] if required else []), *hidden)


# --------------------------------------------------------------------------- the new side


def _refuse_new(column: Column, table: Table, ground: Ground) -> None:
    if column.identity or column.generated or column.type.name in SERIAL:
        raise ground.refusal(
            f"{table.name.name}.{column.name} has values of its own, and cannot be filled from other columns",
            "add it in a file of its own",
        )
    refuse_constrained(column.type, f"{table.name.name}.{column.name}", ground)


def _added(column: Column, alter: str) -> str:
    collation = f" COLLATE {spelled_name(column.collation)}" if column.collation else ""
    return f"{alter} ADD COLUMN {spelled(column.name)} {type_sql(column.type)}{collation}"


def _held(column: Column, table: Table, ground: Ground) -> tuple[Step, ...]:
    """In contract: what the old version writes may break a constraint of the new column."""
    new = New(table, column, ground)
    constraints = [constrained(each, new) for each in column.constraints if each.type != "not_null"]
    return tuple(step for part in constraints for step in part.filled)


def _defaulted(column: Column, alter: str) -> Said:
    assert column.default is not None
    return Said("", f"{alter} ALTER COLUMN {spelled(column.name)} SET DEFAULT {column.default.sql}")


# --------------------------------------------------------------------------- forth and back


def _ups(operation: ConvertColumns, table: Table, ground: Ground) -> dict[str, str]:
    """Each new column's expression over old ones, as the file's UPDATEs have them."""
    new = {column.name: column for column in operation.new}
    said: dict[str, str] = {}
    for update in operation.updates:
        if update.sources:
            raise ground.refusal(f"the UPDATE of {table.name} reads other relations, which a trigger cannot watch")
        for assignment in update.assignments:
            name, expression = assignment.column, assignment.expression
            if name not in new or name in said or expression is None:
                raise ground.refusal(
                    f"the UPDATE that fills {', '.join(new)} sets {name} as well, or twice, or by a subquery",
                    f"let each new column be set once, by an expression over {', '.join(operation.old)}",
                )
            _refuse_expression(name, expression, operation, ground)
            said[name] = _of_type(_where(update, unqualified(expression.sql), new, operation, ground), new[name].type)
    return {name: said[name] for name in new}


def _refuse_expression(name: str, expression: Expression, operation: ConvertColumns, ground: Ground) -> None:
    if expression.subquery:
        raise ground.refusal(f"{name} is filled by a subquery, which a trigger's WHEN does not take")
    known = [call for call in expression.calls if is_known(call, ground.furniture.catalog)]
    if is_volatile(expression.changed(calls=tuple(known)), ground.furniture.catalog):
        raise ground.refusal(f"{name} is filled by an expression that gives another value each time")
    others = [column for column in expression.columns if column not in operation.old]
    if others:
        raise ground.refusal(
            f"{name} is filled from {others[0]}, which the file does not drop: nothing tells which side wins later",
            f"fill it from {', '.join(operation.old)} alone, or write its phases by hand",
        )


def _where(update: Update, expression: str, new: dict[str, Column], operation: ConvertColumns, ground: Ground) -> str:
    """The expression for the rows that the UPDATE means; NULL, as it leaves them, for others."""
    if update.where is None or _only_unfilled(update.where.sql, new):
        return expression
    others = [column for column in update.where.columns if column not in operation.old]
    if others or update.where.subquery:
        raise ground.refusal(
            f"the WHERE of the UPDATE names {', '.join(others) or 'a subquery'}: a trigger cannot say it for one row",
            "leave the WHERE out: the backfill finds the rows that are not filled by itself",
        )
    return f"CASE WHEN {unqualified(update.where.sql)} THEN {expression} END"


def _only_unfilled(where: str, new: dict[str, Column]) -> bool:
    """``WHERE first IS NULL`` means every row: nothing has filled it before."""
    found = re.fullmatch(r'\s*(?:\w+\.)?"?(\w+)"?\s+is\s+null\s*', where, re.IGNORECASE)
    return found is not None and any(found.group(1).lower() == name.lower() for name in new)


def _of_type(expression: str, kind: TypeName) -> str:
    """Values are compared by image: both have to be of the column's very type."""
    return f"CAST({expression} AS {type_sql(kind)})"


def _down(name: str, operation: ConvertColumns, up: dict[str, str], table: Table, ground: Ground) -> str:
    """What an old version finds in an old column, whatever the new version writes."""
    kind = ground.column(table, name).type
    assert kind is not None
    said = ground.answers.of("down", table.name.name, name) or _copied(name, operation, up, kind)
    new = [column.name for column in operation.new]
    if said is None:
        raise ground.refusal(
            f"nothing says what an old version finds in {name} where the new one has written {', '.join(new)}",
            f"say it: --down '{name}=EXPRESSION over {', '.join(new)}'",
        )
    others = [words[-1] for _, words in Piece(said).references() if words[-1] not in new]
    if others:
        raise ground.refusal(f"--down of {name} names {others[0]}, which is none of {', '.join(new)}")
    return _of_type(said, kind)


def _copied(name: str, operation: ConvertColumns, up: dict[str, str], kind: TypeName) -> str | None:
    """The way back of a plain copy."""
    found = [column.name for column in operation.new if up[column.name] == f"CAST({spelled(name)} AS {kind.sql})"]
    return spelled(found[0]) if found else None


def _is_copy(operation: ConvertColumns, up: dict[str, str], table: Table) -> bool:
    """Whether every new value is one of the old side as it is: then nothing is lost either way."""
    kinds = {name: table.columns[name].type for name in operation.old}
    copies = {f"CAST({spelled(name)} AS {kind.sql})" for name, kind in kinds.items() if kind}
    return len(operation.new) == len(operation.old) and set(up.values()) == copies
