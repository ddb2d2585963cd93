"""The sizes of tables as the server estimates them: partitions together, and None for what nobody has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.run.table_sizes import table_sizes

if TYPE_CHECKING:
    from tests.servers.database import Database

TABLES = """
create schema app;
create table app."Order" as select n as id from generate_series(1, 5000) as n;
create index on app."Order" (id);
create table days (day int) partition by range (day);
create table days_1 partition of days for values from (0) to (100);
create table days_2 partition of days for values from (100) to (200) partition by list (day);
create table days_2_a partition of days_2 default;
insert into days select n / 10 from generate_series(1, 1500) as n;
create table empty (id int);
create materialized view seen as select id from app."Order";
create view looked as select id from app."Order";
create temp table gone (id int);
vacuum analyze;
create table uncounted (id int);
alter table uncounted set (autovacuum_enabled = off);
insert into uncounted values (1);
"""


def test_tables_have_the_sizes_that_the_server_estimates(database: Database) -> None:
    with database.connect() as connection:
        for statement in TABLES.split(";\n"):
            connection.execute(statement.encode())

    sizes, major = table_sizes(database.dsn)

    assert major >= 14
    assert {name: size.rows for name, size in sizes.items()} == {
        'app."Order"': 5000,
        "public.days": 1500,
        "public.days_1": 999,
        "public.days_2": 501,
        "public.days_2_a": 501,
        "public.empty": 0,
        "public.seen": 5000,
        "public.uncounted": None,
    }
    assert sizes["public.days"].bytes == sizes["public.days_1"].bytes + sizes["public.days_2_a"].bytes
    assert sizes['app."Order"'].index_bytes > 0 == sizes["public.seen"].index_bytes
