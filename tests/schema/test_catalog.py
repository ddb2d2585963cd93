"""The catalog that a script leaves is the schema that a server has after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.schema.claims import history
from tests.schema.samples import SAMPLES, Sample
from tests.schema.sixth import a_sixth_of
from tests.schema.test_effects import told
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    import psycopg

    from tests.servers.database import Database, RunningServer
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.relations import Table

COLUMNS = """
    select attname, attnotnull from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
# From 18 on NOT NULL is a constraint with a name, which nothing but its own syntax can use.
CONSTRAINTS = (
    "select conname, convalidated from pg_constraint where conrelid = %s::regclass and contype not in ('n', 't')"
)
INDEXES = "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = %s::regclass"
TABLES = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_|information_schema'
"""
IN_A_TRANSACTION = [sample for sample in SAMPLES if not sample.held]


@pytest.mark.matrix
@pytest.mark.parametrize("sample", a_sixth_of(IN_A_TRANSACTION), ids=told)
def test_the_catalog_follows_the_server(sample: Sample, any_server: RunningServer, any_database: Database) -> None:
    if not sample.since <= any_server.major <= sample.until:
        return
    catalog = history(f"{sample.given};{sample.sql}")
    with any_database.connect() as connection:
        connection.execute(f"{sample.given};{sample.sql}")
        there = {Name(*row) for row in connection.execute(TABLES)}
        assert {name for name in catalog.tables if name.schema != "pg_temp" and name not in catalog.views} == there
        for table in catalog.tables.values():
            if table.complete and table.name.schema != "pg_temp":
                table_must_be_there(connection, table, catalog)


def table_must_be_there(connection: psycopg.Connection, table: Table, catalog: Catalog) -> None:
    name = f'"{table.name.schema}"."{table.name.name}"'
    columns: dict[str, bool] = dict(connection.execute(COLUMNS, [name]).fetchall())
    doubtful = {column for c in table.constraints.values() if c.type == "not_null" for column in c.columns}
    known = {column.name: column.not_null or column.name in doubtful for column in table.columns.values()}
    assert known == columns
    constraints: dict[str, bool] = dict(connection.execute(CONSTRAINTS, [name]).fetchall())
    assert {c.name: c.validated for c in table.constraints.values() if c.type != "not_null"} == constraints
    indexes = {index for (index,) in connection.execute(INDEXES, [name])}
    assert {index.name.name for index in catalog.indexes_of(table.name)} == indexes


def test_a_schema_with_another_name_leaves_its_old_one_free() -> None:
    made = "create schema app; create table app.t (id int primary key); create view app.v as select id from app.t;"
    catalog = history(made + "alter schema app rename to old; create schema app; create table app.t (x text);")
    old, new = catalog.tables[Name("old", "t")], catalog.tables[Name("app", "t")]
    assert (list(old.columns), list(new.columns)) == (["id"], ["x"])
    assert [index.name for index in catalog.indexes_of(old.name)] == [Name("old", "t_pkey")]
    assert list(catalog.indexes_of(new.name)) == []
    assert list(catalog.views) == [Name("old", "v")]
