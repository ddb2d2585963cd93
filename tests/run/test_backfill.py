"""Backfills over ranges of blocks: resumed, started again, stopped by a row, and verified at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.run.batches import interrupt
from tests.run.project import refused
from zdmigrate.run import backfill as backfill_module

if TYPE_CHECKING:
    import pytest

    from tests.run.batches import AtBatch
    from tests.run.project import Project
    from zdmigrate.run.backfills.cursors import Stand

COLUMN = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
FILL = "-- zdmigrate: backfill batch=100\nUPDATE users SET label = name;\n"
LEFT = "SELECT count(*) FROM users WHERE label IS DISTINCT FROM name"


def place(project: Project) -> tuple[int, int, int]:
    """Cursor, end and rows so far."""
    [row] = project.database.execute("SELECT blocks_done, blocks, rows FROM zdmigrate.backfill_progress")
    return row[0], row[1], row[2]


def test_an_interrupted_backfill_goes_on_from_its_cursor(project: Project, at_batch: AtBatch) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    at_batch(4, interrupt)
    refused(project.expand(), 130, "interrupted in step 2 of expand 001_label", "run the same command again")
    cursor, end, rows = place(project)
    assert 0 < cursor < end
    assert 0 < rows < 2000
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert place(project)[2] == 2000, "no row was filled twice"
    assert project.database.execute(LEFT) == [(0,)]


def test_a_backfill_starts_again_when_the_table_gets_another_file(project: Project, at_batch: AtBatch) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    at_batch(4, lambda _: project.database.execute("VACUUM FULL users"))
    told = project.expand()
    assert told.code == 0, told.text
    assert "users was rewritten meanwhile: starting it again" in told.text
    assert project.database.execute(LEFT) == [(0,)]


def test_a_row_that_cannot_be_converted_stops_the_backfill_and_keeps_its_progress(project: Project) -> None:
    project.database.execute("UPDATE users SET name = id WHERE id <> 1500")
    project.write(
        "001_number.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN number integer;\n"
        "-- zdmigrate: backfill batch=100\nUPDATE users SET number = name::integer;\n",
    )
    refused(project.expand(), 4, "001_number.sql:4:", 'invalid input syntax for type integer: "user 1500"', "22P02")
    assert place(project)[0] > 0, "the rows before it are kept"
    assert project.state("001_number") == "expanding"
    project.database.execute("UPDATE users SET name = '1500' WHERE id = 1500")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*) FROM users WHERE number = name::integer") == [(2000,)]


def test_rows_that_something_keeps_undoing_stop_the_backfill_and_a_later_run_fills_them(project: Project) -> None:
    project.database.execute(
        "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.id < 5 THEN NEW.label := NULL; END IF; RETURN NEW; END $$"
    )
    project.write(
        "001_label.sql",
        COLUMN + "CREATE TRIGGER undo BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION undo();\n" + FILL,
    )
    refused(project.expand(), 4, "4 rows of ", "users are still not as the backfill would have them after 10 passes")
    project.database.execute("DROP TRIGGER undo ON users")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute(LEFT) == [(0,)]


def test_a_delete_and_an_insert_run_in_ranges_too(project: Project) -> None:
    project.database.execute("CREATE TABLE labels (id bigint PRIMARY KEY, label text)")
    project.write(
        "001_labels.sql",
        "-- zdmigrate: backfill\n"
        "INSERT INTO labels (id, label) SELECT u.id, u.name FROM users AS u WHERE u.id > 10 ON CONFLICT DO NOTHING;\n"
        "DELETE FROM users WHERE id > 1000;\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*), max(label) FROM labels") == [(1990, "user 999")]
    assert project.database.execute("SELECT count(*) FROM users") == [(1000,)]


def test_an_insert_that_was_interrupted_looks_at_the_whole_table_once_more(project: Project, at_batch: AtBatch) -> None:
    """Rows that came in behind the cursor are found by a pass that adds none, and only by a whole one."""
    project.database.execute("CREATE TABLE labels (id bigint PRIMARY KEY, label text)")
    project.database.execute("DELETE FROM users WHERE id <= 100")
    project.database.execute("VACUUM users")
    project.write(
        "001_labels.sql",
        "-- zdmigrate: backfill batch=100\n"
        "INSERT INTO labels (id, label) SELECT id, name FROM users ON CONFLICT DO NOTHING;\n",
    )
    [(blocks,)] = project.database.execute("SELECT pg_relation_size('users') / 8192")
    at_batch(blocks - 1, interrupt)
    assert project.expand().code == 130
    cursor, end, _ = place(project)
    assert cursor == end - 1
    project.database.execute("INSERT INTO users (name) VALUES ('behind the cursor')")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*) FROM labels WHERE label = 'behind the cursor'") == [(1,)]


def test_a_backfill_behind_a_row_lock_gives_up_by_the_deadline_and_names_who(project: Project) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    project.done("apply", "--phase", "expand", "--release", "v2", "--no-backfill")
    with project.database.connect(application_name="forgotten psql") as forgotten:
        forgotten.execute("BEGIN")
        forgotten.execute("SELECT 1 FROM users WHERE id = 1000 FOR UPDATE")
        told = project.expand("--lock-deadline", "300ms")
        refused(told, 5, "its rows are locked by others", "forgotten psql")
    project.done("apply", "--phase", "expand", "--release", "v2")


def test_an_insert_whose_table_never_stops_growing_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.database.execute("CREATE TABLE labels (id bigint PRIMARY KEY, label text)")
    project.write(
        "001_labels.sql",
        "-- zdmigrate: backfill\nINSERT INTO labels (id, label) SELECT id, name FROM users ON CONFLICT DO NOTHING;\n",
    )
    original = backfill_module._Runner._pass

    def growing(runner: backfill_module._Runner, stand: Stand) -> bool:
        project.database.execute("INSERT INTO users (name) VALUES ('new')")
        return original(runner, stand)

    monkeypatch.setattr(backfill_module._Runner, "_pass", growing)
    refused(project.expand(), 4, "10 passes over ", "users have all met new rows", "trigger")


def test_no_backfill_stops_before_it_and_backfill_goes_on(project: Project) -> None:
    project.write("001_label.sql", COLUMN + FILL)
    assert "waits for its backfill" in project.expand("--no-backfill").text
    assert project.state("001_label") == "expanding"
    assert "waiting for 001_label: " in project.run("ready", "--release", "v2").text
    project.done("apply", "--phase", "backfill")
    assert project.state("001_label") == "expanded"
    assert project.run("ready", "--release", "v2").code == 0


def test_a_view_is_no_table_to_backfill(project: Project) -> None:
    project.database.execute("CREATE VIEW named AS SELECT * FROM users")
    project.write("001_view.sql", "-- zdmigrate: backfill\nUPDATE named SET visits = 1 WHERE visits = 0;\n")
    assert project.expand().code in (2, 4)
