"""Columns in SQL, in files of their own and in literals of code: each belongs to one table, and stands in one line."""

from __future__ import annotations

import pytest

from tests.usage.looking import evidence, lines

NAME = "ALTER TABLE users DROP COLUMN name"
RENAMED = "ALTER TABLE users RENAME COLUMN name TO title"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT name FROM users", [1]),
        ("SELECT name FROM orgs", []),
        ("SELECT\n  u.id,\n  u.name\nFROM users u JOIN orgs o ON o.id = u.org_id", [3]),
        ("SELECT o.name FROM users u JOIN orgs o ON o.id = u.org_id", []),
        ("SELECT name FROM users u, order_items", [1]),
        ("SELECT * FROM users", []),
        ("WITH u AS (SELECT * FROM users) SELECT u.name FROM u", [1]),
        ("WITH u AS (SELECT id FROM users) SELECT name FROM u, orgs", []),
        ("SELECT status FROM order_items WHERE EXISTS (SELECT 1 FROM users WHERE name = status)", [1]),
        ("INSERT INTO users (id, name) VALUES ($1, $2)", [1]),
        ("INSERT INTO users VALUES ($1, $2)", [1]),
        ("INSERT INTO users (id) SELECT id FROM orgs WHERE name = ?", []),
        ("INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = excluded.name", [1]),
        ("UPDATE users SET name = %(name)s WHERE id = %s", [1]),
        ("UPDATE orgs SET name = u.full_name FROM users u", []),
        ("DELETE FROM users WHERE id = :id RETURNING name", [1]),
        ("SELECT full_name AS name FROM users ORDER BY name", []),
        ("SELECT id FROM orgs; -- users.name\nSELECT name FROM public.users;", [2]),
        ("-- name: Get :one\nSELECT name\nFROM users\nWHERE id = sqlc.arg(id);", [2]),
        ("\\set x 1\nSELECT name FROM users WHERE id = :x \\gset\n", [2]),
        ("SELECT {{ columns }}, name FROM users WHERE {% if x %} id = {{ x }} {% endif %}", [1]),
        ("EXPLAIN (ANALYZE) SELECT name FROM users", [1]),
        ("CREATE VIEW v AS SELECT name FROM users", [1]),
        ("SELECT nonsense FROM WHERE users;\nSELECT FROM JOIN orgs name;\nSELECT name FROM users WHERE;\n", [3]),
        (
            "-- get --\nSELECT id FROM orgs\n\n-- b --\nSELECT id,\nname FROM users\n\n-- x --\nSELECT 1",
            [6],
        ),
        ('SELECT "Name" FROM users', []),
        ("SELECT name FROM billing.users", []),
    ],
)
def test_a_query_names_the_column_where_it_does(sql: str, expected: list[int]) -> None:
    assert lines(NAME, queries_sql=sql) == expected


def test_an_insert_without_columns_does_not_break_by_a_rename() -> None:
    assert lines(RENAMED, queries_sql="INSERT INTO users VALUES ($1, $2);\nSELECT name FROM users") == [2]


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("x_py", 'q = """\nSELECT id,\n       name\nFROM users"""\n', [3]),
        ("x_py", 'q = ("SELECT id, "\n     "name "\n     "FROM users")\n', [2]),
        ("x_py", 'users = 1\nq = "SELECT name FROM orgs"\n', []),
        ("x_py", 'q = f"SELECT name FROM users WHERE {where}"\n', [1]),
        ("x_go", "const q = `SELECT id,\n name FROM users`\n", [2]),
        ("X_java", 'String q = "SELECT id, " +\n  "name FROM users";\n', [2]),
        ("x_rb", "q = <<~SQL\n  SELECT id,\n  name FROM users\nSQL\n", [3]),
        ("x_ts", "const q = sql`SELECT name FROM users WHERE id = ${id}`;\n", [1]),
        ("x_py", '# "SELECT name FROM users"\n', []),
        ("x_py", 'log("select a name for the users")\n', []),
    ],
)
def test_literals_that_are_sql_are_read_as_such(file: str, text: str, expected: list[int]) -> None:
    assert lines(NAME, **{file: text}) == expected


def test_what_is_resolved_comes_first_and_each_line_once() -> None:
    found = evidence(NAME, a_py="user.name", b_sql="SELECT name, lower(name) FROM users", c_py="user.name")

    assert [(one.place, one.how) for one in found] == [("b.sql:1", "query"), ("a.py:1", "name"), ("c.py:1", "name")]


def test_without_a_history_the_loss_itself_is_known() -> None:
    assert lines(NAME, schema="SELECT 1", queries_sql="SELECT name FROM users u, orgs o") == [1]
