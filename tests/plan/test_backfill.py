"""A statement for the whole table becomes one for a range of its blocks: run on a server, where ranges add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.plan.build import build_plan
from zdmigrate.schema.catalog import Catalog
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from tests.servers.database import Database
    from zdmigrate.plan.step import Backfill
    from zdmigrate.schema.names import Name

TABLES = """
CREATE SCHEMA s;
CREATE SEQUENCE s.numbers;
CREATE TABLE t (id int, a text, b text, j json, ok boolean);
CREATE TABLE "Odd ""one" (id int, "A b" text, "B" text);
CREATE TABLE s.t (id int, a text, b text);
CREATE TABLE other (id int, a text);
CREATE TABLE target (id int PRIMARY KEY, a text);
INSERT INTO t SELECT i, 'a' || i, NULL, json_build_object('i', i), NULL FROM generate_series(1, 1500) AS i;
INSERT INTO "Odd ""one" SELECT id, a FROM t;
INSERT INTO s.t SELECT id, a FROM t;
INSERT INTO other SELECT id, 'other ' || id FROM t WHERE id <= 1000;
"""

# Statement; whether all is as it should be afterwards.
STATEMENTS = {
    "UPDATE t SET b = a": "SELECT bool_and(b = a) FROM t",
    "UPDATE ONLY t SET b = a": "SELECT bool_and(b = a) FROM t",
    "UPDATE t AS x SET b = x.a": "SELECT bool_and(b = a) FROM t",
    "UPDATE t x SET b = x.a": "SELECT bool_and(b = a) FROM t",
    "UPDATE s.t SET b = a": "SELECT bool_and(b = a) FROM s.t",
    'UPDATE "Odd ""one" SET "B" = "A b"': 'SELECT bool_and("B" = "A b") FROM "Odd ""one"',
    'UPDATE "Odd ""one" AS "X y" SET "B" = "X y"."A b"': 'SELECT bool_and("B" = "A b") FROM "Odd ""one"',
    "UPDATE t SET b = a WHERE id > 5 OR id < 3": "SELECT count(b) = 1497 FROM t",
    "UPDATE t SET b = 'where; set from' || a WHERE a <> 'where'": (
        "SELECT count(*) = 1500 FROM t WHERE b LIKE 'where; %'"
    ),
    "UPDATE t SET b = $q$ it's WHERE $q$": "SELECT count(*) = 1500 FROM t WHERE b LIKE '%WHERE%'",
    "UPDATE t /* where */ SET b = a -- from here\nWHERE id > 0 -- all of them": "SELECT bool_and(b = a) FROM t",
    "UPDATE t SET b = a -- the end": "SELECT bool_and(b = a) FROM t",
    "UPDATE t SET ok = a IS DISTINCT FROM 'a7'": "SELECT count(*) FILTER (WHERE ok) = 1499 FROM t",
    "UPDATE t SET ok = (a IS DISTINCT FROM 'a7') WHERE a IS NOT DISTINCT FROM a": (
        "SELECT bool_and(ok IS NOT NULL) FROM t"
    ),
    "UPDATE t SET b = (SELECT o.a FROM other AS o WHERE o.id = t.id)": "SELECT count(b) = 1000 FROM t",
    "UPDATE t SET b = o.a FROM other AS o WHERE o.id = t.id": "SELECT count(b) = 1000 FROM t",
    "UPDATE t SET b = o.a FROM other AS o JOIN s.t AS p ON p.id = o.id WHERE o.id = t.id": (
        "SELECT count(b) = 1000 FROM t"
    ),
    "UPDATE t SET b = upper(a), ok = true": "SELECT bool_and(b = upper(a) AND ok) FROM t",
    "UPDATE t SET j = to_json(a)": "SELECT bool_and(j #>> '{}' = a) FROM t",
    "UPDATE t SET b = nextval('s.numbers') WHERE b IS NULL": "SELECT max(b::int) = 1500 FROM t",
    "DELETE FROM t WHERE id > 700": "SELECT count(*) = 700 FROM t",
    "DELETE FROM ONLY t AS x WHERE x.id > 700": "SELECT count(*) = 700 FROM t",
    "DELETE FROM t USING other AS o WHERE o.id = t.id": "SELECT count(*) = 500 FROM t",
    "DELETE FROM t": "SELECT count(*) = 0 FROM t",
    "INSERT INTO target SELECT id, a FROM t ON CONFLICT DO NOTHING": "SELECT count(*) = 1500 FROM target",
    "INSERT INTO target (id, a) SELECT x.id, x.a FROM t AS x WHERE x.id > 5 ON CONFLICT (id) DO NOTHING": (
        "SELECT count(*) = 1495 FROM target"
    ),
    "INSERT INTO target SELECT x.id, o.a FROM t x JOIN other o ON o.id = x.id ON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1000 FROM target"
    ),
    "INSERT INTO target SELECT id, a FROM ONLY t ON CONFLICT DO NOTHING": "SELECT count(*) = 1500 FROM target",
    "INSERT INTO target SELECT id, a FROM t -- all of them\nON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1500 FROM target"
    ),
    "INSERT INTO target SELECT id, a FROM t WHERE id > 3 -- few\nON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1497 FROM target"
    ),
    "INSERT INTO target SELECT id, b FROM s.t WHERE a IS DISTINCT FROM 'on conflict' ON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1500 FROM target"
    ),
}


def backfill_of(database: Database, statement: str) -> Backfill:
    def type_of(table: Name, column: str) -> str | None:
        query = (
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attname = %s"
        )
        name = ".".join('"' + part.replace('"', '""') + '"' for part in table if part)
        rows = database.execute(query, name, column)
        return str(rows[0][0]) if rows else None

    change = read_change("m/001_x.sql", f"-- zdmigrate: backfill\n{statement}\n;\n")
    [step] = build_plan(change, "expand", app="shop", catalog=Catalog(), major=18, type_of=type_of).steps
    assert step.backfill is not None
    return step.backfill


@pytest.mark.parametrize("statement", STATEMENTS)
def test_ranges_together_do_what_the_whole_statement_does(statement: str, database: Database) -> None:
    database.execute(TABLES)
    backfill = backfill_of(database, statement)
    with database.connect() as connection:
        assert connection.execute(backfill.batch_sql(9000, 9001).encode()).rowcount == 0, "no row is out of its range"
        for first in range(0, 30, 3):
            connection.execute(backfill.batch_sql(first, first + 3).encode())
        assert connection.execute(STATEMENTS[statement].encode()).fetchone() == (True,)
        if backfill.remaining is not None:
            assert connection.execute(backfill.remaining.encode()).fetchone() == (0,), backfill.remaining


@pytest.mark.parametrize("statement", [each for each in STATEMENTS if each.startswith(("UPDATE", "DELETE"))])
def test_before_it_begins_rows_are_left_to_do(statement: str, database: Database) -> None:
    database.execute(TABLES)
    backfill = backfill_of(database, statement)
    assert backfill.remaining is not None
    [(left,)] = database.execute(backfill.remaining)
    assert 0 < left <= 1500
