"""A column that a trigger computes has, whoever writes and however, what GENERATED ... STORED would have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.recipes.bench import FORTH
from tests.recipes.cases import read_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.bench import Bench
    from tests.recipes.cases import Case
    from tests.servers.database import Connection

CASE = read_case(Path(__file__).parent / "cases" / "add_column_that_is_stored.sql")
_COLUMNS = 'id, title, isbn, "Größe"'
WRITES = (
    f"INSERT INTO books ({_COLUMNS}) VALUES (901, 'a', 'i-901', 1), (902, 'b', NULL, 2), (903, 'c', 'i-903', NULL)",
    "UPDATE books SET title = 'other' WHERE id IN (1, 901)",
    "UPDATE books SET isbn = NULL WHERE id = 150",
    "UPDATE books SET note = 'nothing that counts' WHERE id = 3",
    f"INSERT INTO books ({_COLUMNS}) VALUES (4, 'z', 'i-4', 1) ON CONFLICT (id) DO UPDATE SET title = 'upserted'",
    """MERGE INTO books AS b USING (VALUES (5, 'merged'), (905, 'new')) AS v (id, t) ON b.id = v.id
       WHEN MATCHED THEN UPDATE SET title = t WHEN NOT MATCHED THEN INSERT (id, title, isbn) VALUES (v.id, t, 'm')""",
    "SET session_replication_role = replica",
    "UPDATE books SET title = 'replicated' WHERE id = 6",
    "RESET session_replication_role",
)


@pytest.fixture
def sides(bench: Callable[[Case], Bench]) -> tuple[Connection, Connection]:
    """A database with the generated column, and one where a trigger computes it and nothing is contracted yet."""
    on = bench(CASE)
    on.rewrite()
    generated, computed = on.database(), on.database()
    on.run(computed, *FORTH)
    with generated.connect() as connection:
        connection.execute(CASE.naive.replace("NOT NULL", "").replace("UNIQUE", "").encode())
    return on.held.enter_context(generated.connect()), on.held.enter_context(computed.connect())


def labels(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT id, title, isbn, label FROM books ORDER BY id").fetchall()


def test_every_way_to_write_gives_what_the_generated_column_has(sides: tuple[Connection, Connection]) -> None:
    for side in sides:
        side.execute(  # a trigger of the user's comes first, as it does before PostgreSQL computes
            "CREATE FUNCTION trimmed() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.title := trim(NEW.title); RETURN NEW; END $$;"
            'CREATE TRIGGER "~z" BEFORE INSERT OR UPDATE ON books FOR EACH ROW EXECUTE FUNCTION trimmed()'
        )
        for write in WRITES:
            side.execute(write.encode())
        with side.cursor().copy(f"COPY books ({_COLUMNS}) FROM STDIN") as copy:
            copy.write_row((906, "  copied ", "c", None))
            copy.write_row((907, "copied", "d", 2))
    generated, computed = map(labels, sides)
    assert generated == computed
    assert sum(row[3] is None for row in computed) >= 3, "NULL is computed as well"


def test_what_is_too_long_is_an_error_and_not_cut(sides: tuple[Connection, Connection]) -> None:
    for side in sides:
        side.execute("UPDATE books SET title = repeat('x', 90 - length(isbn || \"Größe\"::text)) WHERE id = 7")
        with pytest.raises(psycopg.errors.StringDataRightTruncation):
            side.execute("UPDATE books SET title = title || 'y' WHERE id = 7")


def test_what_an_app_writes_into_it_is_computed_anew(sides: tuple[Connection, Connection]) -> None:
    _, computed = sides
    before = labels(computed)
    computed.execute("UPDATE books SET label = 'mine'")
    assert labels(computed) == before
