"""The trigger that keeps old and new columns in step, by every way to write a row, on every major of the matrix."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

from tests.recipes.bench import FORTH, Bench
from tests.recipes.cases import Case

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.servers.database import Connection, Database, RunningServer

TYPES = "CREATE TYPE extent AS (wide integer, high integer);"
COLUMNS = "id bigint PRIMARY KEY, name text, size extent, doc json, amount integer"
FIRST = """INSERT INTO t VALUES (1, 'a', ROW (1, NULL), '{"a": 1}', 7), (2, NULL, NULL, NULL, NULL)"""
KINDS = {
    "a plain table": f"{TYPES} CREATE TABLE t ({COLUMNS}); {FIRST}",
    "a partitioned table": f"{TYPES} CREATE TABLE t ({COLUMNS}) PARTITION BY RANGE (id);"
    " CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10);"
    f" CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (99); {FIRST}",
    "a table with row security": f"{TYPES} CREATE TABLE t ({COLUMNS}); {FIRST}; GRANT ALL ON t TO PUBLIC;"
    " ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    " CREATE POLICY p ON t USING (id < 50) WITH CHECK (name IS DISTINCT FROM 'secret')",
}
NAIVE = """
ALTER TABLE t RENAME name TO title;
ALTER TABLE t RENAME size TO extent;
ALTER TABLE t RENAME doc TO body;
ALTER TABLE t ALTER amount TYPE text;
"""


class Write(NamedTuple):
    """A statement, and what row ``id`` then has in columns of either side; the others are in step."""

    sql: str
    then: Mapping[str, str | None]
    id: int = 1
    since: int = 14


NEW, OLD = {"name": "n", "title": "n"}, {"name": "o", "title": "o"}
UPSERT = "INSERT INTO t (id, {0}) VALUES (1, 'n') ON CONFLICT (id) DO UPDATE SET {0} = EXCLUDED.{0}"
MERGE = (
    "MERGE INTO t USING (VALUES (1, 'n'), (5, 'n')) AS s (id, v) ON s.id = t.id"
    " WHEN MATCHED THEN UPDATE SET {0} = v WHEN NOT MATCHED THEN INSERT (id, {0}) VALUES (s.id, v)"
)
WRITES = {
    "INSERT of the old side": Write("INSERT INTO t (id, name) VALUES (5, 'n')", NEW, 5),
    "INSERT of the new side": Write("INSERT INTO t (id, title) VALUES (5, 'n')", NEW, 5),
    "INSERT of both: the new one wins": Write("INSERT INTO t (id, name, title) VALUES (5, 'o', 'n')", NEW, 5),
    "INSERT of neither": Write("INSERT INTO t (id) VALUES (5)", {"name": None, "title": None}, 5),
    "INSERT of several rows": Write("INSERT INTO t (id, title) VALUES (6, 'x'), (5, 'n'), (7, NULL)", NEW, 5),
    "UPDATE of the old side": Write("UPDATE t SET name = 'n'", NEW),
    "UPDATE of the new side": Write("UPDATE t SET title = 'n'", NEW),
    "UPDATE of both: the new one wins": Write("UPDATE t SET name = 'o', title = 'n'", NEW),
    "UPDATE of both, the new side as it was": Write("UPDATE t SET name = 'o', title = 'a' WHERE id = 1", OLD),
    "UPDATE of the old side to NULL": Write("UPDATE t SET name = NULL", {"name": None, "title": None}),
    "UPDATE of the new side to NULL": Write("UPDATE t SET title = NULL", {"name": None, "title": None}),
    "UPDATE of a NULL": Write("UPDATE t SET title = 'n' WHERE id = 2", NEW, 2),
    "UPDATE of several rows": Write(
        "UPDATE t SET name = v FROM (VALUES (1, 'n'), (2, 'm')) AS s (i, v) WHERE i = id", NEW
    ),
    "upsert by the old side": Write(UPSERT.format("name"), NEW),
    "upsert by the new side": Write(UPSERT.format("title"), NEW),
    "MERGE by the old side": Write(MERGE.format("name"), NEW, since=15),
    "MERGE by the new side": Write(MERGE.format("title"), NEW, 5, since=15),
    "COPY of the old side": Write("COPY t (id, name) FROM STDIN", NEW, 5),
    "COPY of the new side": Write("COPY t (id, title) FROM STDIN", NEW, 5),
    "a row that becomes another's partition": Write("UPDATE t SET id = 20, name = 'n' WHERE id = 1", NEW, 20),
    "a field of a composite": Write("UPDATE t SET size.high = 4", {"size": "(1,4)", "extent": "(1,4)"}),
    "a field of the new composite": Write("UPDATE t SET extent.wide = NULL", {"size": "(,)", "extent": "(,)"}),
    "a composite of NULLs, inserted": Write(
        "INSERT INTO t (id, extent) VALUES (5, ROW (NULL, NULL))", {"size": "(,)", "extent": "(,)"}, 5
    ),
    "json that means the same": Write("""UPDATE t SET doc = '{"a":  1}'""", {"doc": '{"a":  1}', "body": '{"a":  1}'}),
    "json of the new side": Write("UPDATE t SET body = 'null'", {"doc": "null", "body": "null"}),
    "a new value that the old type holds": Write("UPDATE t SET amount_text = '8'", {"amount": "8"}),
    "a new value that it does not hold": Write("UPDATE t SET amount_text = 'many'", {"amount": "0"}),
    "an old value": Write("UPDATE t SET amount = 9", {"amount_text": "9"}),
    "an old value over one that it does not hold": Write(
        "UPDATE t SET amount_text = 'many'; UPDATE t SET amount = 9", {"amount_text": "9"}
    ),
    "another column, beside a value that it does not hold": Write(
        "UPDATE t SET amount_text = 'many'; UPDATE t SET name = 'n'", {"amount_text": "many", "amount": "0"}
    ),
}
IN_STEP = (
    "SELECT count(*) FROM t WHERE (ROW (name, size, doc)::record) *<> (ROW (title, extent, body)::record)"
    " OR amount::text IS DISTINCT FROM CASE amount_text WHEN 'many' THEN '0' ELSE amount_text END"
)


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_are_in_step_however_a_row_is_written(any_server: RunningServer, tmp_path: Path, kind: str) -> None:
    with ExitStack() as held:
        database = expanded(any_server, kind, tmp_path, held)
        role = database.create_role("app")
        with database.connect(user=role) if "security" in kind else database.connect() as app:
            if "security" not in kind:
                app.execute("SET session_replication_role = replica")  # the trigger is ENABLE ALWAYS
            for told, write in WRITES.items():
                refused = "security" in kind and "COPY" in write.sql  # by PostgreSQL, whatever the trigger does
                if write.since <= any_server.major and not refused:
                    with app.transaction(force_rollback=True):
                        must_be_in_step(app, told, write)


def expanded(server: RunningServer, kind: str, folder: Path, held: ExitStack) -> Database:
    options = ("--as", "amount_text", "--fallback", "0")
    on = Bench(
        server, Case(name="written", naive=NAIVE, schema=KINDS[kind], options=options, catalog="database"), folder, held
    )
    database = on.database()
    on.rewrite()
    on.run(database, *FORTH)
    return database


def must_be_in_step(app: Connection, told: str, write: Write) -> None:
    if write.sql.startswith("COPY"):
        with app.cursor() as cursor, cursor.copy(write.sql) as copy:
            copy.write("5\tn\n6\tx\n")
    else:
        app.execute(write.sql)
    assert app.execute(IN_STEP).fetchone() == (0,), told
    for column, value in write.then.items():
        query = f"SELECT {column}::text FROM t WHERE id = %s"
        assert app.execute(query, [write.id]).fetchone() == (value,), f"{told}: {column}"


def test_what_a_policy_checks_is_the_row_as_the_trigger_leaves_it(server: RunningServer, tmp_path: Path) -> None:
    with ExitStack() as held:
        database = expanded(server, "a table with row security", tmp_path, held)
        with database.connect(user=database.create_role("app")) as app:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="violates row-level security"):
                app.execute("UPDATE t SET title = 'secret'")
            assert app.execute("UPDATE t SET title = 'known'").rowcount == 2


def test_the_trigger_fires_once_a_write_and_never_for_what_is_in_step(server: RunningServer, tmp_path: Path) -> None:
    with ExitStack() as held, expanded(server, "a plain table", tmp_path, held).connect() as app:
        assert fired(app, "UPDATE t SET name = 'n'") == ["calls=2"], "once a row, and not by itself again"
        backfill = "UPDATE t SET title = name, extent = size, body = doc, amount_text = amount::text"
        assert fired(app, backfill) == [], "pasted again, it changes nothing"
        assert fired(app, "UPDATE t SET id = id + 2") == []


def fired(app: Connection, sql: str) -> list[str]:
    """How often triggers were called, as EXPLAIN ANALYZE tells."""
    plan = [line for (line,) in app.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}")]
    return [line.split()[-1] for line in plan if line.startswith("Trigger ~zd")]
