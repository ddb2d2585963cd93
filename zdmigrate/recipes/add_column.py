"""Add a column: each part in the phase, and the form, where it costs nothing.

A constant default costs nothing. A volatile one, serial and identity give old rows their values by a backfill. NOT
NULL is proven before it is set; CHECK and REFERENCES are looked through by themselves; keys have their index built
while everybody works. What is GENERATED ... STORED becomes an ordinary column that a trigger computes, for good:
what forbids some of its values waits for contract, since old versions' rows get values, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.building import added_constraint, built_index, proven_not_null
from zdmigrate.recipes.parts.computing import computed
from zdmigrate.recipes.parts.copied import type_sql
from zdmigrate.recipes.parts.definitions import constraint_sql, key_parts
from zdmigrate.recipes.parts.domains import based
from zdmigrate.recipes.parts.phased import Phased, Said, Step, Together
from zdmigrate.recipes.parts.presence import is_missing
from zdmigrate.schema.constraints import constraint_name, object_name
from zdmigrate.schema.history_of_tables import SERIAL
from zdmigrate.schema.spelling import spelled, spelled_name
from zdmigrate.schema.volatility import is_volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.recipes.parts.domains import Based
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.schema.operations import AddColumn, Column, Constraint, Expression
    from zdmigrate.schema.relations import Table

OPERATIONS = ("add_column",)
MEANWHILE = (
    "does not know the column; what it inserts has the default, or the value of `--fill`",
    "reads and writes the column",
)
_CHEAP = "Without a default, or with a constant one, the catalog changes and the table does not."


class New(NamedTuple):
    """The column that comes."""

    table: Table
    column: Column
    ground: Ground

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {self.ground.spelled(self.table.name)}"

    @property
    def name(self) -> str:
        return spelled(self.column.name)


def recipe(operation: AddColumn, ground: Ground) -> Phased:
    base = based(operation.column, ground)
    new = New(ground.table(operation.relation), base.column, ground)
    if new.column.name in new.table.columns:
        raise ground.refusal(f"{new.table.name} has a column {new.column.name} already")
    phased, constraints = _column(new), tuple(_constraints(new, base))
    late = new.column.generated == "stored"  # else only this change's versions write it
    return phased.changed(
        table=new.table.name,
        notes=(*phased.notes, *_told_of_domain(operation.column, base, new)),
        filled=(*phased.filled, *(constraints if not late else ())),
        contract=(*phased.contract, *(constraints if late else ())),
        undoing=(*phased.undoing, Said("", f"{new.alter} DROP COLUMN IF EXISTS {new.name}")),
    )


def _column(new: New) -> Phased:
    if new.column.generated == "stored":
        return _computed(new)
    if _is_numbered(new.column):
        return _numbered(new)
    if new.column.default is not None and is_volatile(new.column.default, new.ground.furniture.catalog):
        return _with_volatile_default(new)
    return _plain(new)


def _constraints(new: New, base: Based) -> Iterator[Step]:
    """Those of the column, and those of its domain, which the table has to keep in its place."""
    for each in new.column.constraints:
        if each.type != "not_null":
            yield from constrained(each, new).filled
    for check in base.checks:
        name = new.ground.free(new.table.name, new.column.name, "check")
        yield from added_constraint(new.table, name, f"CHECK ({check})", new.ground)


def _told_of_domain(column: Column, base: Based, new: New) -> tuple[str, ...]:
    if base.column.type == column.type:
        return ()
    told, kind = f"{new.table.name.name}.{column.name}", type_sql(base.column.type)
    kept = "the table has its CHECKs" if base.checks else "it is NOT NULL as that"
    why = "for a column of a domain with a constraint PostgreSQL writes the whole table anew"
    return (
        f"{told} is of {kind}, the type under {column.type.sql}, and {kept}: {why}.",
        f"What is changed of {column.type.sql} later does not reach {told}.",
    )


def _is_numbered(column: Column) -> bool:
    """Whether a sequence gives its values, so that it is NOT NULL whether or not that is said."""
    return column.type.name in SERIAL or column.identity is not None


def _added(new: New, *clauses: str) -> str:
    collation = f"COLLATE {spelled_name(new.column.collation)}" if new.column.collation else ""
    said = " ".join(filter(None, (new.name, type_sql(new.column.type), collation, *clauses)))
    return f"{new.alter} ADD COLUMN {said}"


def _plain(new: New) -> Phased:
    """No default, or a constant one; one that old rows get only for the time being goes in contract."""
    column, told = new.column, f"{new.table.name.name}.{new.column.name}"
    default = f"DEFAULT {column.default.sql}" if column.default else ""
    virtual = f"GENERATED ALWAYS AS ({column.generation.sql}) VIRTUAL" if column.generation else ""
    fill = new.ground.answers.of("fill", new.table.name.name, column.name)
    if not column.not_null or column.default or virtual:
        not_null = "NOT NULL" if column.not_null else ""
        return Phased(expand=(Said(_CHEAP, _added(new, virtual or default, not_null)),))
    if fill is None:
        raise new.ground.refusal(
            f"{told} is NOT NULL without a default: rows that are there, and what old versions insert, have no value",
            f"give them one: --fill {column.name}=VALUE",
        )
    return Phased(
        notes=(f"{told} is {fill} in old rows, and where old versions insert: until contract by a default.",),
        expand=(Said(_CHEAP, _added(new, f"DEFAULT {fill}", "NOT NULL")),),
        removal=(Said("", f"{new.alter} ALTER COLUMN {new.name} DROP DEFAULT"),),
    )


def _with_volatile_default(new: New) -> Phased:
    """New rows get it at once, old ones by the backfill; with it in ADD COLUMN the table would be written anew."""
    assert new.column.default is not None
    default = new.column.default.sql
    return Phased(
        expand=(
            Said("Without its default, which would write the table anew.", _added(new)),
            Said("For rows to come.", f"{new.alter} ALTER COLUMN {new.name} SET DEFAULT {default}"),
        ),
        backfill=(_fill(new, default),),
        filled=_not_null(new) if new.column.not_null else (),
    )


def _fill(new: New, value: str) -> Said:
    table = new.ground.spelled(new.table.name)
    missing = is_missing(new.name, new.column.type, new.ground)
    return Said("For rows that are there.", f"UPDATE {table} SET {new.name} = {value} WHERE {missing}")


def _not_null(new: New) -> tuple[Step, ...]:
    proof, mark = proven_not_null(new.table, new.column.name, new.ground, new.column.type)
    return (*proof, *mark)


def _computed(new: New) -> Phased:
    """An ordinary column, kept by a trigger for good."""
    table, column, ground = new.table, new.column, new.ground
    assert column.generation is not None
    _refuse_computed(new, column.generation)
    own = computed(column.name, column.type, type_sql(column.type), column.generation.sql, ground)
    return Phased(
        notes=_told_of_computed(f"{table.name.name}.{column.name}"),
        expand=(Said(_CHEAP, _added(new)),),
        computed=(own,),
        contract=_not_null(new) if column.not_null else (),
    )


def _told_of_computed(told: str) -> tuple[str, ...]:
    stored = "PostgreSQL would compute a stored one for every row under ACCESS EXCLUSIVE"
    virtual = "VIRTUAL (18 and later) costs nothing, but cannot be indexed"
    return (
        f"{told} is an ordinary column that a trigger computes, and stays so: {stored}. {virtual}.",
        f"What an app writes into {told} itself is computed anew, where a generated column would be an error.",
    )


def _refuse_computed(new: New, generation: Expression) -> None:
    table, told = new.table, f"{new.table.name.name}.{new.column.name}"
    if table.inherits or (table.children and not table.partitioned):
        raise new.ground.refusal(
            f"{told} is to be GENERATED, and {table.name} inherits or is inherited from: the trigger that computes it "
            "is not",
            "drop the inheritance first; VIRTUAL (18 and later) needs no trigger",
        )
    if "tableoid" in generation.columns:
        raise new.ground.refusal(f"{told} is computed from tableoid, which a row has not got before it is written")


def _numbered(new: New) -> Phased:
    """A sequence of its own first numbers new rows, then old ones; an identity takes over where it stands."""
    table, column, ground = new.table.name, new.column, new.ground
    final = object_name(table.name, column.name, "seq")
    name = ground.claim(table, final) if not column.identity else ground.free(table, column.name, "numbers")
    sequence = ground.beside(table, name)
    of_type = "" if type_sql(column.type) == "bigint" else f" AS {type_sql(column.type)}"
    value = f"nextval('{sequence.replace(chr(39), chr(39) * 2)}')"
    begun = Phased(
        expand=(
            Said("Without numbers, which would write the table anew.", _added(new)),
            Said("", f"CREATE SEQUENCE {sequence}{of_type} OWNED BY {ground.spelled(table)}.{new.name}"),
            Said("For rows to come.", f"{new.alter} ALTER COLUMN {new.name} SET DEFAULT {value}"),
        ),
        backfill=(_fill(new, value),),
    )
    return begun.changed(filled=(*_not_null(new), *(_identity(new, sequence, final) if column.identity else ())))


def _identity(new: New, sequence: str, final: str) -> tuple[Step, ...]:
    own = new.ground.beside(new.table.name, new.ground.claim(new.table.name, final))
    kind = str(new.column.identity).upper()
    return (
        Together(
            "The identity goes on where the numbers stand.",
            (
                Said("", f"{new.alter} ALTER COLUMN {new.name} DROP DEFAULT"),
                Said(
                    "",
                    f"{new.alter} ALTER COLUMN {new.name} ADD GENERATED {kind} AS IDENTITY (SEQUENCE NAME {own})",
                ),
                Said(
                    "",
                    f"SELECT pg_catalog.setval('{own.replace(chr(39), chr(39) * 2)}', last_value, is_called)"
                    f" FROM {sequence}",
                ),
                Said("", f"DROP SEQUENCE {sequence}"),
            ),
        ),
    )


def constrained(each: Constraint, new: New) -> Phased:
    """On a column that only this change's versions write, it may hold from expand on."""
    table, ground = new.table, new.ground
    each = each.changed(columns=each.columns or (new.column.name,))
    name = ground.claim(table.name, constraint_name(each, table, ground.furniture.catalog))
    definition = constraint_sql(each, ground.text[each.span.start : each.span.end])
    if each.type in ("check", "foreign_key"):
        return Phased(filled=added_constraint(table, name, definition, ground))
    parts, kind = key_parts(definition), "PRIMARY KEY" if each.type == "primary_key" else "UNIQUE"
    key = f"{new.alter} ADD CONSTRAINT {spelled(name)} {kind} USING INDEX {spelled(name)}{parts.deferrable}"
    proof, mark = (
        ((), ())
        if each.type == "unique" or new.column.not_null or _is_numbered(new.column)
        else proven_not_null(table, new.column.name, ground, new.column.type)
    )
    return Phased(
        filled=(
            *built_index(table, name, parts.built, ground, unique=True),
            *proof,
            *mark,
            Said("The index is there: the catalog alone changes.", key),
        ),
    )
