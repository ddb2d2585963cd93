"""Tables with everything that can hang on a column, and rows in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.recipes.generated.names import names, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Values of a type, as SQL; and how the n-th of different ones is written, where a key can be of the type.
VALUES: dict[str, tuple[str, ...]] = {
    "integer": ("0", "1", "-7", "2147483647"),
    "bigint": ("0", "5", "-9223372036854775808"),
    "smallint": ("0", "32767", "-3"),
    "numeric(10,2)": ("0", "1.50", "9999999.99", "-0.01"),
    "double precision": ("0", "1.5", "'NaN'", "1e300"),
    "text": ("''", "'a'", "'it''s'", "'12'", "'zwölf'"),
    "character varying(20)": ("''", "'a'", "'twenty letters, maybe'::varchar(20)", "'7'"),
    "character(5)": ("'a'", "'abcde'", "''"),
    "boolean": ("true", "false"),
    "date": ("'2026-01-01'", "'infinity'"),
    "timestamp with time zone": ("'2026-01-01T00:00:00Z'", "'1999-12-31T23:59:59.5Z'"),
    "uuid": ("'123e4567-e89b-12d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'"),
    "jsonb": ("'{}'", "'{\"a\": [1, null]}'", "'null'"),
    "json": ("'{}'", "'{\"a\":  1}'"),
    "point": ("'(0,0)'", "'(1,-2.5)'"),
    "bytea": ("''", "'\\x00ff'"),
    "text[]": ("'{}'", "'{a,NULL,\"b c\"}'"),
    "interval": ("'1 day'", "'24 hours'"),
    "mood": ("'sad'", "'ok'"),
    "pair": ("ROW(1, NULL)", "ROW(NULL, NULL)", "ROW(0, 'x')"),
}
DIFFERENT: dict[str, Callable[[int], str]] = {
    "integer": str,
    "bigint": str,
    "numeric(10,2)": str,
    "text": lambda number: f"'v{number}'",
    "character varying(20)": lambda number: f"'v{number}'",
    "uuid": lambda number: f"'{number:032x}'",
    "date": lambda number: f"'2026-01-{number + 1:02}'",
}
ORDERED = ("integer", "bigint", "smallint", "numeric(10,2)", "text", "character varying(20)", "date", "uuid", "boolean")
NUMBERS = ("integer", "bigint", "smallint", "numeric(10,2)", "double precision")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    not_null: bool = False
    default: str = ""
    different: bool = False
    values: tuple[str, ...] = ()
    clause: str = ""  # UNIQUE, PRIMARY KEY, CHECK (…), REFERENCES …

    @property
    def sql(self) -> str:
        return quoted(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """``extras`` are statements about it: indexes, comments, a view …; ``views`` and ``indexes`` their names."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    rows: int
    extras: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}" if self.schema != "public" else quoted(self.name)

    @property
    def prefix(self) -> str:
        return f"{quoted(self.schema)}." if self.schema != "public" else ""

    def script(self) -> str:
        return ";\n".join(self._statements()) + ";\n"

    def _statements(self) -> Iterator[str]:
        if self.schema != "public":
            yield f"CREATE SCHEMA {quoted(self.schema)}"
        yield f"CREATE TYPE {self.prefix}mood AS ENUM ('sad', 'ok')"
        yield f"CREATE TYPE {self.prefix}pair AS (a integer, b text)"
        yield f"CREATE TABLE {self.prefix}parents (id integer PRIMARY KEY)"
        yield f"INSERT INTO {self.prefix}parents SELECT generate_series(0, 9)"
        columns = ",\n    ".join(self._column(column) for column in self.columns)
        yield f"CREATE TABLE {self.sql} (\n    {columns}\n)"
        if self.rows:
            named = ", ".join(column.sql for column in self.columns)
            rows = ",\n    ".join(
                f"({', '.join(self._value(c, row) for c in self.columns)})" for row in range(self.rows)
            )
            yield f"INSERT INTO {self.sql} ({named}) OVERRIDING SYSTEM VALUE VALUES\n    {rows}"
        yield from self.extras

    def _column(self, column: Column) -> str:
        default = f"DEFAULT {column.default}" if column.default else ""
        return " ".join(
            filter(None, (column.sql, self.type(column), default, "NOT NULL" * column.not_null, column.clause))
        )

    def type(self, column: Column) -> str:
        return f"{self.prefix}{column.type}" if column.type in ("mood", "pair") else column.type

    def _value(self, column: Column, row: int) -> str:
        value = DIFFERENT[column.type](row) if column.different else column.values[row % len(column.values)]
        return f"{value}::{self.type(column)}"


@st.composite
def tables(draw: st.DrawFn, schema: str) -> Table:
    named, *rest = draw(names(4, 8))
    columns = [draw(keys(rest[0])), *(draw(columns_of(name, schema)) for name in rest[1:])]
    table = Table(schema=schema, name=named, columns=tuple(columns), rows=draw(st.integers(0, 14)))
    return draw(with_extras(table))


@st.composite
def keys(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(("integer", "bigint", "text", "uuid")))
    clause = draw(
        st.sampled_from(("PRIMARY KEY", "PRIMARY KEY", "GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "UNIQUE"))
    )
    if kind not in ("integer", "bigint") and "GENERATED" in clause:
        clause = "PRIMARY KEY"
    return Column(name=name, type=kind, not_null=clause == "UNIQUE", different=True, clause=clause)


@st.composite
def columns_of(draw: st.DrawFn, name: str, schema: str) -> Column:
    kind = draw(st.sampled_from(sorted(VALUES)))
    not_null = draw(st.booleans())
    where = f"{quoted(schema)}." if schema != "public" else ""
    nulls = () if not_null else draw(st.sampled_from(((), ("NULL",))))
    values = (*draw(st.lists(st.sampled_from(VALUES[kind]), min_size=1, max_size=4)), *nulls)
    default = draw(st.sampled_from(("", "", VALUES[kind][0])))
    if default and kind in ("mood", "pair"):
        default = f"{default}::{where}{kind}"
    clause = draw(st.sampled_from(("", "", "", *_clauses(name, kind, where))))
    if "REFERENCES" in clause:
        values, default = ("0", "7", *nulls), ""
    return Column(name, kind, not_null, default, clause == "UNIQUE", values, clause)


def _clauses(name: str, kind: str, where: str) -> Iterator[str]:
    if kind in DIFFERENT:
        yield "UNIQUE"
    if kind in NUMBERS:
        yield f"CHECK ({quoted(name)} > -1e19)"
    if kind == "text":
        yield f"CHECK (length({quoted(name)}) < 100)"
    if kind == "integer":
        yield f"REFERENCES {where}parents"


@st.composite
def with_extras(draw: st.DrawFn, table: Table) -> Table:
    some: list[Column] = draw(st.lists(st.sampled_from(table.columns), min_size=1, max_size=2, unique=True))
    index = draw(indexes(table, some[0])) if draw(st.booleans()) else None
    extras = [] if index is None else [index[1]]
    extras += draw(st.lists(st.sampled_from(tuple(_labels(table, some))), unique=True))
    kept = draw(st.sets(st.sampled_from(("view", "check", "statistics", "children"))))
    made = _bystanders(table, some)
    return replace(
        table,
        extras=(*extras, *(statement for name in sorted(kept & made.keys()) for statement in made[name])),
        views=("A view",) * ("view" in kept),
        indexes=() if index is None else (index[0],),
        constraints=("a check",) * ("check" in kept),
    )


@st.composite
def indexes(draw: st.DrawFn, table: Table, other: Column) -> tuple[str, str]:
    """An index's name, and the statement."""
    columns = draw(st.lists(st.sampled_from(_ordered(table)), min_size=1, max_size=2, unique=True))
    parts = ", ".join(f"{column.sql}{draw(st.sampled_from(('', ' DESC', ' NULLS FIRST')))}" for column in columns)
    where = draw(st.sampled_from(("", f" WHERE {other.sql} IS NOT NULL", f" INCLUDE ({other.sql})")))
    name = draw(st.sampled_from(("an_index", "Index", "über")))
    return name, f"CREATE INDEX {quoted(name)} ON {table.sql} ({parts}){where}"


def _ordered(table: Table) -> list[Column]:
    return [column for column in table.columns if column.type in ORDERED]


def _labels(table: Table, some: list[Column]) -> Iterator[str]:
    """What is said of a column, or of its values."""
    first, last = some[0].sql, some[-1].sql
    yield f"COMMENT ON COLUMN {table.sql}.{first} IS 'what; it''s'"
    yield f"GRANT SELECT ({first}), UPDATE ({last}) ON {table.sql} TO PUBLIC"
    yield f"ALTER TABLE {table.sql} ALTER {first} SET STATISTICS 77"
    for column in table.columns:
        if column.type in ("text", "character varying(20)"):
            yield f"CREATE INDEX ON {table.sql} (lower({column.sql}))"
            yield f"ALTER TABLE {table.sql} ALTER {column.sql} SET STORAGE EXTERNAL"


def _bystanders(table: Table, some: list[Column]) -> dict[str, tuple[str, ...]]:
    """What else names the table's columns."""
    key, first, last, ordered = table.columns[0], some[0].sql, some[-1].sql, _ordered(table)
    listed = ", ".join(column.sql for column in some)
    condition = f"{first} IS NOT NULL OR {last} IS NULL OR {key.sql} IS NOT NULL"
    children = f"{table.prefix}children"
    made: dict[str, tuple[str, ...]] = {
        "view": (f"CREATE VIEW {table.prefix}{quoted('A view')} AS SELECT {listed} FROM {table.sql}",),
        "check": (f'ALTER TABLE {table.sql} ADD CONSTRAINT "a check" CHECK ({condition})',),
        "children": (
            f"CREATE TABLE {children} (parent {key.type} REFERENCES {table.sql} ({key.sql}))",
            f"INSERT INTO {children} SELECT {key.sql} FROM {table.sql}",
            f"CREATE INDEX ON {children} (parent)",
        ),
    }
    if len(ordered) > 1:
        both = f"{ordered[0].sql}, {ordered[1].sql}"
        made["statistics"] = (f"CREATE STATISTICS {table.prefix}together ON {both} FROM {table.sql}",)
    return made
