"""Tables, views, values of enums and functions, in code and in SQL."""

from __future__ import annotations

import pytest

from tests.usage.looking import lines, places

USERS = "DROP TABLE users"
ITEMS = "ALTER TABLE order_items RENAME TO items"
MOOD = "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"
TOTAL = "DROP FUNCTION total(bigint)"


@pytest.mark.parametrize(
    ("drop", "file", "text", "expected"),
    [
        (USERS, "models_py", 'class Customer(Base):\n    __tablename__ = "users"\n', [1, 2]),
        (USERS, "models_py", "class User(models.Model):\n    pass\n", [1]),
        (USERS, "user_rb", "class User < ApplicationRecord\nend\n", [1]),
        (USERS, "schema_prisma", "model User {\n  id Int\n}\n", [1]),
        (USERS, "models_py", "class User:\n    pass\nusers = [User()]\n", []),
        (USERS, "views_py", 'redirect("users")\nopen("/users")\n', []),
        (USERS, "db_js", 'knex("users").del();\nknex("orgs").del();\n', [1]),
        (USERS, "db_py", 'cur.execute("DELETE FROM users")\ncur.execute("DELETE FROM orgs")\n', [1]),
        (USERS, "q_sql", "SELECT 1 FROM orgs;\nWITH users AS (SELECT 1) SELECT * FROM users;\nTABLE users;\n", [3]),
        (ITEMS, "x_py", 'load("order_items")\nload("other_order_items")\n', [1]),
        ("DROP VIEW active_users", "q_sql", "SELECT id FROM active_users;\nSELECT id FROM users;\n", [1]),
        (MOOD, "x_py", 'user.mood = "sad"\nuser.mood = "happy"\n', [1]),
        (MOOD, "x_py", 'user.face = "sad"\n', []),
        (MOOD, "x_rb", "User.where(mood: :sad)\n", [1]),
        (MOOD, "q_sql", "SELECT 1 FROM users WHERE mood = 'sad';\nSELECT 'sad' FROM orgs;\n", [1]),
        (TOTAL, "q_sql", "SELECT total(1);\nSELECT totals(1);\n", [1]),
        (TOTAL, "x_py", 'cur.callproc("total")\ntotal(1)\ncur.execute("SELECT total(%s)", x)\n', [1, 3]),
    ],
)
def test_what_names_it_is_found(drop: str, file: str, text: str, expected: list[int]) -> None:
    assert lines(drop, **{file: text}) == expected


def test_a_schema_beside_the_queries_uses_nothing() -> None:
    dump = "CREATE TABLE users (name text);\nCREATE INDEX i ON users (name);\nALTER TABLE users DROP COLUMN name;\n"

    assert places("ALTER TABLE users DROP COLUMN name", db__structure_sql=dump) == []
    assert places(USERS, db__structure_sql=dump) == []
