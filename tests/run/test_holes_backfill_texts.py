"""Backfills whose text once ran wrongly: over a part what needs the whole, on the wrong table, or past hidden rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.batches import interrupt
from tests.run.project import refused

if TYPE_CHECKING:
    from tests.run.batches import AtBatch
    from tests.run.project import Project

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
TABLES = """
    CREATE TABLE totals (id bigint PRIMARY KEY, n bigint);
    CREATE TABLE nicknames AS SELECT id, 'nick ' || id AS name FROM users WHERE id % 2 = 0;
    CREATE TABLE small AS SELECT 1 AS x;
    CREATE TABLE words (id bigint, "where" text);
    INSERT INTO words SELECT id, name FROM users;
"""

# --------------------------------------------------------------------------- what sees the whole table

WHOLE = {
    "an aggregate": "INSERT INTO totals SELECT 1, count(*) FROM users",
    "an aggregate of its own name": "INSERT INTO totals SELECT 1, total(id) FROM users",
    "an aggregate in an expression": "INSERT INTO totals SELECT 1, max(id) + 1 FROM users",
    "a window function": "INSERT INTO totals SELECT id, row_number() OVER () FROM users",
    "a named window": "INSERT INTO totals SELECT id, rank() OVER w FROM users WINDOW w AS (ORDER BY name)",
    "distinct": "INSERT INTO totals SELECT DISTINCT visits, 1 FROM users",
    "a right join": "INSERT INTO totals SELECT u.id, 1 FROM users AS u RIGHT JOIN nicknames AS n ON n.id = u.id",
    "a full join": "INSERT INTO totals SELECT n.id, 1 FROM users AS u FULL JOIN nicknames AS n ON n.id = u.id",
    "a right join to the table": "INSERT INTO totals SELECT u.id, 1 FROM small AS n RIGHT JOIN users AS u ON true",
    "a subquery to go through": "INSERT INTO totals SELECT s.id, 1 FROM (SELECT * FROM users) AS s",
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_insert_that_sees_the_whole_table_is_refused_before_a_row_of_it(name: str, project: Project) -> None:
    aggregate = "CREATE AGGREGATE total (bigint) (sfunc = int8pl, stype = bigint, initcond = '0');"
    project.database.execute(TABLES + aggregate)
    project.write("001_totals.sql", f"{COLUMN}-- zdmigrate: backfill\n{WHOLE[name]} ON CONFLICT DO NOTHING;\n")
    refused(project.expand(), 2, "001_totals.sql:4: this INSERT cannot run in ranges")
    assert project.database.execute("SELECT count(*) FROM totals") == [(0,)]


# --------------------------------------------------------------------------- what runs, whatever it looks like

# Statement; what must be so afterwards.
TEXTS = {
    "INSERT INTO totals SELECT u.id, (SELECT count(*) FROM small) FROM users AS u ON CONFLICT DO NOTHING": (
        "SELECT count(*) = 2000 AND bool_and(n = 1) FROM totals"
    ),
    "INSERT INTO totals SELECT id, (SELECT max(o.id) FROM users AS o) FROM users ON CONFLICT DO NOTHING": (
        "SELECT count(*) = 2000 AND bool_and(n = 2000) FROM totals"
    ),
    "INSERT INTO totals SELECT id, 1 FROM users WHERE id IN (SELECT id FROM nicknames) ON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1000 FROM totals"
    ),
    "INSERT INTO totals SELECT u.id, n.n FROM users AS u JOIN (SELECT id, count(*) AS n FROM nicknames GROUP BY id)"
    " AS n ON n.id = u.id ON CONFLICT DO NOTHING": "SELECT count(*) = 1000 FROM totals",
    "INSERT INTO totals SELECT id, 1 FROM users -- all of them\nON CONFLICT DO NOTHING": (
        "SELECT count(*) = 2000 FROM totals"
    ),
    "INSERT INTO totals SELECT id, 1 FROM users WHERE id > 3 -- few\nON CONFLICT DO NOTHING": (
        "SELECT count(*) = 1997 FROM totals"
    ),
    "UPDATE users SET label = name WHERE label IS DISTINCT FROM name": "SELECT bool_and(label = name) FROM users",
    "UPDATE users SET ok = name IS DISTINCT FROM 'user 7' WHERE ok IS NULL": (
        "SELECT count(*) FILTER (WHERE ok) = 1999 FROM users"
    ),
    "UPDATE users SET label = name WHERE label IS NULL -- only these\n": "SELECT bool_and(label = name) FROM users",
    "UPDATE users -- all of them\nSET label = n.name FROM nicknames AS n WHERE n.id = users.id": (
        "SELECT count(label) = 1000 FROM users"
    ),
    'UPDATE users SET label = w."where" FROM words AS w WHERE w.id = users.id': (
        "SELECT bool_and(label = name) FROM users"
    ),
    "UPDATE users SET numbers[1] = id WHERE numbers IS NULL": "SELECT bool_and(numbers[1] = id) FROM users",
    "UPDATE users SET pair.a = id WHERE pair IS NULL": "SELECT bool_and((pair).a = id) FROM users",
    "UPDATE users SET serial = id": "SELECT bool_and(serial = id) FROM users",
    "UPDATE users SET label = n.name FROM (SELECT * FROM nicknames WHERE id > 0) AS n WHERE n.id = users.id": (
        "SELECT count(label) = 1000 FROM users"
    ),
    "DELETE FROM users WHERE id <= 10 -- the first\n": "SELECT count(*) = 1990 FROM users",
    "UPDATE users SET label = name || '%s' WHERE name LIKE '%1'": "SELECT count(label) = 200 FROM users",
}
COLUMNS = """-- zdmigrate: expand
ALTER TABLE users ADD COLUMN label text, ADD COLUMN ok boolean, ADD COLUMN numbers int[], ADD COLUMN pair two;
ALTER TABLE users ADD COLUMN serial bigserial;
"""


@pytest.mark.parametrize("statement", TEXTS)
def test_a_backfill_of_any_shape_fills_what_it_says(statement: str, project: Project) -> None:
    project.database.execute(TABLES + "CREATE TYPE two AS (a int, b text)")
    project.write("001_fill.sql", f"{COLUMNS}-- zdmigrate: backfill\n{statement};\n")
    told = project.expand()
    assert told.code == 0, told.text
    assert project.database.execute(TEXTS[statement].replace("%", "%%")) == [(True,)]


# --------------------------------------------------------------------------- the right table, and all of its rows


def test_the_type_compared_is_that_of_the_table_on_the_search_path(project: Project) -> None:
    """public.users has a column of the same name and another type: its comparison would fail with 22P02."""
    project.database.execute(
        "CREATE SCHEMA other; CREATE TABLE other.users (id int, name varchar(3), label varchar(3));"
        "INSERT INTO other.users VALUES (1, 'abc'); ALTER TABLE public.users ADD COLUMN label int"
    )
    path = "SET search_path = other;\n"
    project.write("001_other.sql", f"-- zdmigrate: backfill\n{path}UPDATE users SET label = name;\n")
    told = project.expand()
    assert told.code == 0, told.text
    assert project.database.execute("SELECT label FROM other.users") == [("abc",)]
    assert project.database.execute("SELECT count(label) FROM public.users") == [(0,)]


def test_rows_that_row_security_hides_are_refused_and_not_taken_for_filled(empty_project: Project) -> None:
    project, database = empty_project, empty_project.database
    owner = database.create_role("owner")
    dsn = database.dsn_as(owner)
    database.execute(
        f'GRANT CREATE ON DATABASE "{database.name}" TO "{owner}"; GRANT CREATE ON SCHEMA public TO "{owner}";'
        f'ALTER TABLE users OWNER TO "{owner}";'
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON users USING (name = current_setting('app.tenant', true))"
    )
    assert project.run("init", "--release", "v1", dsn=dsn).code == 0
    project.write("001_label.sql", COLUMN + "-- zdmigrate: backfill\nUPDATE users SET label = name;\n")
    told = project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn)
    refused(told, 4, 'query would be affected by row-level security policy for table "users"', "step 1 stands")
    assert project.state("001_label") == "expanding"
    database.execute("ALTER TABLE users NO FORCE ROW LEVEL SECURITY")
    assert project.run("apply", "--phase", "expand", "--release", "v2", dsn=dsn).code == 0
    assert database.execute("SELECT count(*) FROM users WHERE label = name") == [(2000,)]


# --------------------------------------------------------------------------- edited half way


def test_a_backfill_that_was_edited_half_way_is_refused_and_begins_anew_after_a_revert(
    project: Project, at_batch: AtBatch
) -> None:
    """Else the first half of the rows would keep the old text's values, and its WHERE would pass over them."""
    revert = "-- zdmigrate: revert\nALTER TABLE users DROP COLUMN label;\n"
    fill = "-- zdmigrate: backfill batch=100\nUPDATE users SET label = {} WHERE label IS NULL;\n"
    project.write("001_label.sql", COLUMN + fill.format("name") + revert)
    at_batch(4, interrupt)
    assert project.expand().code == 130
    project.write("001_label.sql", COLUMN + fill.format("upper(name)") + revert)
    told = project.expand()
    refused(told, 2, "001_label.sql:4: this backfill has begun, and reads otherwise now", "step 1 stands")
    assert "restore it as it was; or zdmigrate revert 001_label, and begin anew with the new text" in told.err
    assert project.database.execute("SELECT count(*) FROM users WHERE label = upper(name)") == [(0,)]
    project.done("revert", "001_label")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*) FROM users WHERE label = upper(name)") == [(2000,)]
