"""Two unique indexes over the same values: an upsert on the one meets a row that came in meanwhile on the other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg

from tests.run.command import zdmigrate
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

# An index whose expression waits where a session says so: behind the upsert's look for a conflict, and before the row
# is in any other index. Indexes are filled in the order in which they were made.
MADE = """
CREATE TABLE books (id bigint, title text, isbn text);
CREATE FUNCTION at_leisure(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.waits', true) = 'yes' THEN
        PERFORM pg_advisory_lock(7);
    END IF;
    RETURN $1;
END
$$;
CREATE INDEX books_at_leisure ON books (at_leisure(title));
ALTER TABLE books ADD CONSTRAINT one_isbn UNIQUE (isbn);
"""
RENAME = "ALTER TABLE books RENAME isbn TO code;"
UPSERT = "INSERT INTO books (id, title, {0}) VALUES (2, 'new', 'x') ON CONFLICT ({0}) DO UPDATE SET title = 'again'"


def expanded(database: Database, folder: Path) -> None:
    (folder / "001_made.sql").write_text(MADE)
    file = folder / "002_rename.sql"
    file.write_text(RENAME)
    allowed = ("--allow", "twin-unique-upsert=this is what it says")
    printed = zdmigrate("rewrite", str(file), "--in-place", "--dir", str(folder), *allowed)
    assert printed.code == 0, printed.text
    with database.connect() as connection:
        for section in read_change(file).sections:
            for statement in section.statements if section.name == "expand" else ():
                connection.execute(statement.text.encode())


def upsert_met_by_an_insert(database: Database, column: str) -> BaseException | None:
    """What an upsert ends with, if the old version inserts the same value behind its look for one."""
    ended: list[BaseException | None] = []

    def upsert() -> None:
        with database.connect(application_name="new app") as new_app:
            new_app.execute("SET test.waits = 'yes'")
            try:
                new_app.execute(UPSERT.format(column).encode())
                ended.append(None)
            except psycopg.Error as error:
                ended.append(error)

    with database.connect() as gate:
        gate.execute("SELECT pg_advisory_lock(7)")
        thread = threading.Thread(target=upsert, daemon=True)
        thread.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'new app' AND wait_event = 'advisory'"
        while gate.execute(waiting).fetchone() != (1,):
            assert thread.is_alive() or not ended
        with database.connect() as old_app:
            old_app.execute("INSERT INTO books (id, title, isbn) VALUES (1, 'old', 'x')")
        gate.execute("SELECT pg_advisory_unlock(7)")
        thread.join(30)
    return ended[0]


def test_an_upsert_beside_a_twin_can_fail_with_23505(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute(MADE.encode())
    expanded(database, tmp_path)
    error = upsert_met_by_an_insert(database, "code")
    assert isinstance(error, psycopg.errors.UniqueViolation)
    assert error.diag.constraint_name == "one_isbn", "the one that ON CONFLICT does not name"


def test_without_a_twin_the_same_upsert_updates(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(MADE.encode())
    assert upsert_met_by_an_insert(database, "isbn") is None
    assert database.execute("SELECT id, title FROM books") == [(1, "again")]
