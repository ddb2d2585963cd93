"""What tables a backfill may meet: partitions, children, wide rows, a slow function, one that grows meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.run.batches import AtBatch
    from tests.run.project import Project

PARTITIONED = """
    CREATE TABLE orders (id bigint, region text NOT NULL, total bigint) PARTITION BY LIST (region);
    CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu') PARTITION BY RANGE (id);
    CREATE TABLE orders_eu_1 PARTITION OF orders_eu FOR VALUES FROM (0) TO (2000);
    CREATE TABLE orders_eu_2 PARTITION OF orders_eu FOR VALUES FROM (2000) TO (9000);
    CREATE TABLE "orders US" PARTITION OF orders FOR VALUES IN ('us');
    INSERT INTO orders SELECT i, CASE WHEN i % 3 = 0 THEN 'us' ELSE 'eu' END, i FROM generate_series(1, 6000) AS i;
    ANALYZE orders;
"""
CENTS = "-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN cents bigint;\n"
FILL = "-- zdmigrate: backfill batch=200\nUPDATE orders SET cents = total * 100;\n"
LEFT = "SELECT count(*) FROM orders WHERE cents IS DISTINCT FROM total * 100"


def ranges(project: Project) -> list[str]:
    query = "SELECT DISTINCT relation::regclass::text FROM zdmigrate.backfill_range ORDER BY 1"
    return [name for (name,) in project.database.execute(query)]


def test_each_partition_is_gone_through_by_itself(project: Project) -> None:
    project.database.execute(PARTITIONED)
    project.write("001_cents.sql", CENTS + FILL)
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert ranges(project) == ['"orders US"', "orders_eu_1", "orders_eu_2"]
    assert project.database.execute(LEFT) == [(0,)]
    [(done, blocks, rows)] = project.database.execute(
        "SELECT blocks_done, blocks, rows FROM zdmigrate.backfill_progress"
    )
    assert (done, rows) == (blocks, 6000)


def test_only_the_partition_that_was_rewritten_is_begun_again(project: Project, at_batch: AtBatch) -> None:
    project.database.execute(PARTITIONED)
    project.write("001_cents.sql", CENTS + FILL)
    at_batch(12, lambda _: project.database.execute("VACUUM FULL orders_eu_2"))
    told = project.expand("--workers", "1")
    assert told.code == 0, told.text
    assert "orders_eu_2 was rewritten meanwhile: starting it again" in told.text
    assert project.database.execute(LEFT) == [(0,)]


def test_a_partition_that_is_dropped_meanwhile_is_left_out(project: Project, at_batch: AtBatch) -> None:
    project.database.execute(PARTITIONED)
    project.write("001_cents.sql", CENTS + FILL)
    at_batch(3, lambda _: project.database.execute('DROP TABLE "orders US"'))
    told = project.expand("--workers", "1")
    assert told.code == 0, told.text
    assert project.database.execute(LEFT) == [(0,)]


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("rows move to other partitions", "UPDATE orders SET region = 'us', cents = total * 100 WHERE cents IS NULL"),
        ("schema and table are named", "UPDATE public.orders SET cents = public.orders.total * 100"),
    ],
)
def test_where_a_partition_cannot_be_told_apart_all_are_gone_through_side_by_side(
    what: str, statement: str, project: Project
) -> None:
    project.database.execute(PARTITIONED)
    project.write("001_cents.sql", f"{CENTS}-- zdmigrate: backfill batch=200\n{statement};\n")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert ranges(project) == ["orders"], what
    assert project.database.execute(LEFT) == [(0,)]


def test_children_are_filled_with_their_parent_unless_only_it_is_meant(project: Project) -> None:
    project.database.execute(
        "CREATE TABLE staff (boss text) INHERITS (users);"
        "INSERT INTO staff (id, name, boss) SELECT i, 'staff ' || i, 'b' FROM generate_series(1, 500) AS i"
    )
    add = "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN {0} text;\n-- zdmigrate: backfill\n"
    project.write("001_label.sql", add.format("label") + "UPDATE users AS u SET label = u.name;\n")
    project.write("002_own.sql", add.format("own") + "UPDATE ONLY users SET own = name;\n")
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*) FROM staff WHERE label = name") == [(500,)]
    assert project.database.execute("SELECT count(*), count(own) FROM ONLY users") == [(2000, 2000)]
    assert project.database.execute("SELECT count(own) FROM staff") == [(0,)]


def test_a_block_that_takes_longer_than_the_budget_is_done_in_parts(project: Project) -> None:
    """Wide values, a slow function: 150 rows a block of 2 ms each are twice of what a batch may hold rows for."""
    project.database.execute(
        "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(0.002); RETURN upper($1); END $$; DELETE FROM users WHERE id > 200"
    )
    project.write(
        "001_label.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
        "-- zdmigrate: backfill\nUPDATE users SET label = slow(name) WHERE label IS NULL;\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2", "--lock-deadline", "5s")
    assert project.database.execute("SELECT count(*) FROM users WHERE label = upper(name)") == [(200,)]


def test_wide_rows_out_of_line_are_filled_and_checked_like_any_other(project: Project) -> None:
    project.database.execute(
        "CREATE TABLE papers (id int PRIMARY KEY, body text);"
        "ALTER TABLE papers ALTER body SET STORAGE EXTERNAL;"
        "INSERT INTO papers SELECT i, repeat(md5(i::text), 6000) FROM generate_series(1, 150) AS i"
    )
    project.write(
        "001_length.sql",
        "-- zdmigrate: expand\nALTER TABLE papers ADD COLUMN copy text;\n"
        "-- zdmigrate: backfill\nUPDATE papers SET copy = upper(body);\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*) FROM papers WHERE copy = upper(body)") == [(150,)]


def test_a_table_that_grows_and_changes_all_the_while_ends_up_right(project: Project, at_batch: AtBatch) -> None:
    """What comes in behind the cursor and has no trigger is found by the verifying count, and filled by a new pass."""

    def written_to(_: object) -> None:
        project.database.execute("UPDATE users SET name = name || '!' WHERE id % 3 = 0")
        project.database.execute("INSERT INTO users (name) SELECT 'new' FROM generate_series(1, 300)")

    at_batch(5, written_to)
    project.write(
        "001_label.sql",
        "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN label text;\n"
        "-- zdmigrate: backfill batch=200\nUPDATE users SET label = name;\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2")
    assert project.database.execute("SELECT count(*), count(*) FILTER (WHERE label = name) FROM users") == [
        (2300, 2300)
    ]
