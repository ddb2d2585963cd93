"""A view over a column that gets another type gives, after contract too, what it gave, under its names and types.

PostgreSQL refuses the naive statement, for the view is in its way: what stands here cannot be a case.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.recipes.bench import FORTH, Bench, difference
from tests.recipes.cases import Case
from tests.recipes.dump import dumped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Connection, RunningServer

SCHEMA = """
CREATE TABLE "Shelf" (id bigint PRIMARY KEY, "Room" text COLLATE "C", n integer NOT NULL DEFAULT 1, code varchar(20));
INSERT INTO "Shelf" SELECT i, 'room ' || i % 5, i % 7, 'code ' || i FROM generate_series(1, 50) AS i;
CREATE VIEW rooms WITH (security_barrier = true) AS SELECT s."Room", count(*) AS many, max(n) + 1 AS n
    FROM "Shelf" AS s GROUP BY s."Room", n HAVING n > 0 ORDER BY s."Room";
CREATE VIEW pairs AS SELECT a.n, b.code, "Shelf".n AS "other n", (SELECT max(n) FROM "Shelf" WHERE id < a.id) AS most
    FROM "Shelf" JOIN "Shelf" AS a ON "Shelf".id = a.id, "Shelf" AS b WHERE b.n = a.n AND b.id = a.id;
CREATE VIEW above AS SELECT n, code FROM pairs WHERE n > 2;
GRANT SELECT ON rooms TO PUBLIC;
COMMENT ON VIEW pairs IS 'what goes together';
"""
NAIVE = """
ALTER TABLE "Shelf" ALTER n TYPE bigint, ALTER code TYPE text;
ALTER TABLE "Shelf" ALTER "Room" TYPE integer USING substr("Room", 6)::integer;
"""
OPTIONS = (
    *("--as", "n=number", "--as", "code=label", "--as", "Room=room_no", "--fallback", "n=0"),
    *("--down", "code=left(label, 20)", "--up", "code=code", "--up", 'Room=substr("Room", 6)::integer'),
    *("--down", "Room='room ' || room_no"),
)
COLUMNS = """
    SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation, c.relacl::text
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relname IN ('rooms', 'pairs', 'above') AND a.attnum > 0 ORDER BY 1, 2
"""


def given(connection: Connection) -> list[object]:
    """What the views give: columns, types, and rows."""
    views = ("rooms", "pairs", "above")
    rows = [sorted(map(repr, connection.execute(f"SELECT * FROM {view}".encode()))) for view in views]
    return [connection.execute(COLUMNS).fetchall(), *rows]


@pytest.mark.parametrize("catalog", ["history", "database"])
def test_views_give_what_they_gave(server: RunningServer, tmp_path: Path, catalog: str) -> None:
    case = Case(name="views", naive=NAIVE, schema=SCHEMA, options=OPTIONS)
    with ExitStack() as held:
        on = Bench(server, case, tmp_path, held)
        untouched, database = on.database(), on.database()
        with untouched.connect() as connection, pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute(NAIVE.encode())
        text = on.rewrite(catalog)
        assert "n as integer after contract, too" in text.replace("\n-- ", " ")
        assert on.zdmigrate("lint", str(on.file), "--fail-on", "warning").code == 0
        on.run(database, *FORTH)
        on.run(database, "revert")
        assert not difference(dumped(untouched), dumped(database))
        on.run(database, *FORTH)
        with untouched.connect() as before, database.connect() as after:
            assert given(after) == given(before)
            prepared = "SELECT n, code, most FROM pairs"
            after.execute(prepared, prepare=True)
            on.run(database, "contract")
            after.execute(prepared, prepare=True)  # else: cached plan must not change result type
            assert given(after) == given(before)
            after.execute('UPDATE "Shelf" SET room_no = 77 WHERE id = 1')
            assert after.execute('SELECT "Room" FROM rooms WHERE "Room" ~ \'77\'').fetchall() == [("room 77",)]
