"""What is no table and cannot have two forms at once is refused, with what to do; and PostgreSQL agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.recipes.cases import HERE
from tests.run.command import zdmigrate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

SCHEMAS = {name: (HERE / f"{name}.sql").read_text() for name in ("library", "sales", "moods")}
REFUSED = {
    "an overload that is called alike": (
        "library",
        "CREATE FUNCTION price(bigint, text DEFAULT '') RETURNS bigint LANGUAGE sql AS 'SELECT 1';",
        "PostgreSQL refuses it as not unique",
    ),
    "a function of other types": (
        "library",
        "DROP FUNCTION price(bigint); CREATE FUNCTION price(integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1';",
        "give the new one another name than price",
    ),
    "another result": (
        "library",
        "DROP FUNCTION price(bigint); CREATE FUNCTION price(bigint) RETURNS text LANGUAGE sql AS 'SELECT ''1''';",
        "would call one function",
    ),
    "a renamed enum": ("library", "ALTER TYPE mood RENAME TO feeling;", "comparisons fail"),
    "an enum that is moved": (
        "moods",
        "CREATE SCHEMA own; ALTER TYPE mood SET SCHEMA own;",
        "ALTER TABLE diary ALTER mood TYPE own.mood USING mood::text::own.mood; and rewrite --as diary.mood=COPY",
    ),
    "a sequence's schema": ("library", "ALTER SEQUENCE tickets SET SCHEMA own;", "the sequence tickets has one place"),
    "a materialized view's schema": (
        "library",
        "ALTER MATERIALIZED VIEW moods_counted SET SCHEMA own;",
        "cannot be refreshed",
    ),
    "a view made anew": (
        "library",
        "DROP VIEW sad_readers; CREATE VIEW sad_readers AS SELECT id FROM readers;",
        "would read other columns",
    ),
    "a sequence's name": ("library", "ALTER SEQUENCE tickets RENAME TO numbers;", "a sequence has one name"),
    "a schema's name": ("library", "ALTER SCHEMA public RENAME TO private;", "has one name"),
    "a domain's NOT NULL": ("library", "ALTER DOMAIN isbn SET NOT NULL;", "stops their writers"),
    "a published table without a key": (
        "library",
        "CREATE PUBLICATION p FOR TABLE visits;",
        "UPDATE and DELETE of every version fail",
    ),
    "the index of a key": ("library", "DROP INDEX readers_pkey;", "goes with it"),
    "an enum's value without a new column": (
        "moods",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';",
        "--as mood=NEWNAME",
    ),
    "a default partition with rows": (
        "sales",
        "ALTER TABLE stock DETACH PARTITION stock_rest; ALTER TABLE stock ATTACH PARTITION stock_coffee DEFAULT;",
        "attach it empty",
    ),
    "a partition with columns of its own": (
        "sales",
        "CREATE TABLE p PARTITION OF stock (amount DEFAULT 3) FOR VALUES IN ('a');",
        "columns of its own",
    ),
}


@pytest.mark.parametrize(("schema", "naive", "said"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_two_forms_is_refused(tmp_path: Path, schema: str, naive: str, said: str) -> None:
    (tmp_path / "001_schema.sql").write_text(SCHEMAS[schema])
    file = tmp_path / "002_change.sql"
    file.write_text(naive)
    printed = zdmigrate("rewrite", str(file), "--dir", str(tmp_path))
    assert printed.code == 2
    assert said in printed.text


ONE = "CREATE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1';"
FAILS = {
    "an overload with a default": (
        f"{ONE} CREATE FUNCTION f(bigint, text DEFAULT '') RETURNS int LANGUAGE sql AS 'SELECT 2';",
        "SELECT f(1)",
    ),
    "an overload of another type": (
        f"{ONE} CREATE FUNCTION f(date) RETURNS int LANGUAGE sql AS 'SELECT 2';",
        "SELECT f('1')",
    ),
    "a domain over an enum": (
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN feeling AS mood; CREATE TABLE t (m mood);",
        "SELECT FROM t WHERE m = 'sad'::feeling",
    ),
    "a published table without a key": (
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE PUBLICATION p FOR TABLE t;",
        "UPDATE t SET a = 2",
    ),
}


@pytest.mark.parametrize(("given", "query"), FAILS.values(), ids=FAILS)
def test_what_is_refused_would_make_queries_fail(database: Database, given: str, query: str) -> None:
    with database.connect() as connection:
        connection.execute(given.encode())
        with pytest.raises(psycopg.Error):
            connection.execute(query.encode())


def test_half_of_a_detach_makes_inserts_fail_and_so_it_waits_for_contract(tmp_path: Path) -> None:
    (tmp_path / "001_schema.sql").write_text(SCHEMAS["sales"])
    file = tmp_path / "002_change.sql"
    file.write_text("ALTER TABLE sales DETACH PARTITION sales_2023;")
    printed = zdmigrate("rewrite", str(file), "--dir", str(tmp_path))
    assert "-- zdmigrate: expand" not in printed.out
    assert "DETACH PARTITION sales_2023 CONCURRENTLY" in printed.out.partition("-- zdmigrate: contract")[2]
