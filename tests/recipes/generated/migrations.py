"""A naive migration of a table, for each recipe, with what only a person can say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from tests.recipes.generated.names import NAMES, quoted
from tests.recipes.generated.tables import DIFFERENT, ORDERED, VALUES, Table, tables

if TYPE_CHECKING:
    from tests.recipes.generated.tables import Column


Maker = Callable[[st.DrawFn, Table], "Migration | None"]


class Migration(NamedTuple):
    kind: str
    naive: str
    options: tuple[str, ...] = ()
    then: str = ""
    stays: str = ""
    unread: bool = False  # what old versions write may become something else


class Generated(NamedTuple):
    table: Table
    migration: Migration
    from_database: bool  # where rewrite reads what hangs on the table

    def __str__(self) -> str:
        return f"{self.table.script()}\n-- {self.migration.options} {self.from_database=}\n{self.migration.naive}"


_TYPES = {
    "integer": ("bigint", "numeric(12,2)", "text"),  # none that is narrower: the old app goes on with greater ones
    "smallint": ("integer", "bigint", "text"),
    "bigint": ("numeric(20,0)", "text"),
    "numeric(10,2)": ("numeric(14,4)", "text"),
    "text": ("character varying(200)", "integer"),
    "character varying(20)": ("text", "character varying(40)"),
    "boolean": ("text",),
    "date": ("timestamp without time zone",),
    "uuid": ("text",),
    "jsonb": ("json",),
}


@st.composite
def generated(draw: st.DrawFn, schema: str, make: Maker) -> Generated:
    """A table and a migration of ``make``, or a renamed column where the table has nothing for it."""
    table = draw(tables(schema))
    migration = make(draw, table) or _rename_column(draw, table)
    return Generated(table, migration, draw(st.booleans()))


def _any(draw: st.DrawFn, table: Table, fits: Callable[[Column], bool] = lambda _: True) -> Column | None:
    found = [column for column in table.columns if fits(column)]
    return draw(st.sampled_from(found)) if found else None


def _new(draw: st.DrawFn, table: Table) -> str:
    taken = {table.name, "parents", "children", "mood", "pair", *(column.name for column in table.columns)}
    return draw(NAMES.filter(lambda name: name not in taken and "=" not in name and not name.startswith("-")))


def _rename_column(draw: st.DrawFn, table: Table) -> Migration:
    column = draw(st.sampled_from(table.columns))
    new = quoted(_new(draw, table))
    return Migration("rename column", f"ALTER TABLE {table.sql} RENAME COLUMN {column.sql} TO {new};")


def _rename_two(draw: st.DrawFn, table: Table) -> Migration:
    one, two = table.columns[1:3]
    first = _new(draw, table)
    second = draw(NAMES.filter(lambda name: name != first and name not in {each.name for each in table.columns}))
    sql = f"ALTER TABLE {table.sql} RENAME COLUMN {one.sql} TO {quoted(first)};\n"
    return Migration("rename two", f"{sql}ALTER TABLE {table.sql} RENAME COLUMN {two.sql} TO {quoted(second)};")


def _change_type(draw: st.DrawFn, table: Table) -> Migration | None:
    """ALTER TYPE forgets SET STORAGE, and writes a default as a cast of the old type: a copy does neither."""

    def comparable(column: Column) -> bool:
        stored = any(f"ALTER {column.sql} SET STORAGE" in each for each in table.extras)
        return column.type in _TYPES and not stored and not column.default

    column = _any(draw, table, comparable)
    if column is None:
        return None
    kind, new = draw(st.sampled_from(_TYPES[column.type])), _new(draw, table)
    fallback = VALUES[column.type][0] if column.not_null else "NULL"
    return Migration(
        "change type",
        f"ALTER TABLE {table.sql} ALTER COLUMN {column.sql} TYPE {kind} USING {column.sql}::{kind};",
        ("--as", new, "--fallback", fallback),
        f"ALTER TABLE {table.sql} RENAME COLUMN {column.sql} TO {quoted(new)}",
    )


def _rename_table(draw: st.DrawFn, table: Table) -> Migration:
    return Migration("rename table", f"ALTER TABLE {table.sql} RENAME TO {quoted(_new(draw, table))};")


def _drop_column(draw: st.DrawFn, table: Table) -> Migration:
    column = draw(st.sampled_from(table.columns[1:]))
    return Migration("drop column", f"ALTER TABLE {table.sql} DROP COLUMN {column.sql};")


def _set_not_null(draw: st.DrawFn, table: Table) -> Migration | None:
    column = _any(draw, table, lambda each: not each.not_null and bool(each.values) and not each.different)
    if column is None:
        return None
    alter = f"ALTER TABLE {table.sql} ALTER COLUMN {column.sql} SET NOT NULL;"
    if draw(st.booleans()):
        return Migration("set not null", alter)
    value = VALUES[column.type][0] + (f"::{table.type(column)}" if column.type in ("mood", "pair") else "")
    missing = "IS NOT DISTINCT FROM NULL" if column.type == "pair" else "IS NULL"
    fill = f"UPDATE {table.sql} SET {column.sql} = {value} WHERE {column.sql} {missing};"
    return Migration("set not null, filled", f"{fill}\n{alter}", ("--fill", value), stays=fill, unread=True)


def _drop_not_null(draw: st.DrawFn, table: Table) -> Migration | None:
    column = _any(draw, table, lambda each: each.not_null)
    return (
        None
        if column is None
        else Migration("drop not null", f"ALTER TABLE {table.sql} ALTER COLUMN {column.sql} DROP NOT NULL;")
    )


def _add_column(draw: st.DrawFn, table: Table) -> Migration:
    kind = draw(st.sampled_from(sorted(VALUES)))
    spelled = f"{table.prefix}{kind}" if kind in ("mood", "pair") else kind
    value = f"{VALUES[kind][0]}::{spelled}"
    new = quoted(_new(draw, table))
    clauses = ["", f"DEFAULT {value}", f"DEFAULT {value} NOT NULL", f"CHECK ({new} IS NOT NULL OR true)"]
    clauses += ["UNIQUE"] if kind in DIFFERENT else []
    clauses += [f"REFERENCES {table.prefix}parents"] if kind == "integer" else []
    clauses += ["NOT NULL DEFAULT floor(random() * 0)"] if kind in ("integer", "double precision") else []
    return Migration(
        "add column", f"ALTER TABLE {table.sql} ADD COLUMN {new} {spelled} {draw(st.sampled_from(clauses))};"
    )


def _add_constraint(draw: st.DrawFn, table: Table) -> Migration | None:
    column = _any(draw, table)
    assert column is not None
    name = draw(st.sampled_from(("", "CONSTRAINT one ", f"CONSTRAINT {quoted(_new(draw, table))} ")))
    kinds = [f"CHECK ({column.sql} IS NOT NULL OR {column.sql} IS NULL)"]
    if column.type in ORDERED:
        kinds += [f"UNIQUE ({column.sql})", f"UNIQUE ({column.sql}, {table.columns[0].sql})"]
    grows = column.different or column is table.columns[0]  # the app writes values that no parent has
    if column.type == "integer" and not grows:
        kinds.append(f"FOREIGN KEY ({column.sql}) REFERENCES {table.prefix}parents ON DELETE CASCADE")
    return Migration("add constraint", f"ALTER TABLE {table.sql} ADD {name}{draw(st.sampled_from(kinds))};")


def _add_primary_key(draw: st.DrawFn, table: Table) -> Migration | None:
    if "PRIMARY" in table.columns[0].clause:
        return None
    return Migration("add primary key", f"ALTER TABLE {table.sql} ADD PRIMARY KEY ({table.columns[0].sql});")


def _create_index(draw: st.DrawFn, table: Table) -> Migration | None:
    column = _any(draw, table, lambda each: each.type in ORDERED)
    assert column is not None
    name = draw(st.sampled_from(("", quoted(_new(draw, table)))))
    unique = draw(st.sampled_from(("", "UNIQUE "))) if name else ""
    return Migration("create index", f"CREATE {unique}INDEX {name} ON {table.sql} ({column.sql});")


def _drop_index(draw: st.DrawFn, table: Table) -> Migration | None:
    if not table.indexes:
        return None
    return Migration("drop index", f"DROP INDEX {table.prefix}{quoted(table.indexes[0])};")


def _drop_constraint(draw: st.DrawFn, table: Table) -> Migration | None:
    if not table.constraints:
        return None
    return Migration("drop constraint", f"ALTER TABLE {table.sql} DROP CONSTRAINT {quoted(table.constraints[0])};")


def _drop_default(draw: st.DrawFn, table: Table) -> Migration | None:
    column = _any(draw, table, lambda each: bool(each.default))
    return (
        None
        if column is None
        else Migration("drop default", f"ALTER TABLE {table.sql} ALTER COLUMN {column.sql} DROP DEFAULT;")
    )


def _drop_table(draw: st.DrawFn, table: Table) -> Migration:
    return Migration("drop table", f"DROP TABLE {table.sql};")


def _view(draw: st.DrawFn, table: Table) -> Migration | None:
    if not table.views:
        return None
    view = f"{table.prefix}{quoted(table.views[0])}"
    renamed = f"ALTER VIEW {view} RENAME TO {quoted(_new(draw, table))};"
    return Migration("view", draw(st.sampled_from((f"DROP VIEW {view};", renamed))))


# What copies a column, and is the hardest, comes more often.
MAKERS: tuple[Maker, ...] = (
    _rename_column, _rename_column, _rename_column, _rename_two, _change_type, _change_type, _change_type,
    _rename_table, _drop_column, _drop_column, _set_not_null, _set_not_null, _drop_not_null, _add_column, _add_column,
    _add_constraint, _add_constraint, _add_primary_key, _create_index, _drop_index, _drop_constraint, _drop_default,
    _drop_table, _view,
)  # fmt: skip
