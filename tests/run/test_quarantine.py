"""Rows that cannot be filled are left aside if that is asked for; no contract runs before they are mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.project import refused
from zdmigrate.run.backfills import quarantine

if TYPE_CHECKING:
    from tests.run.project import Project

CHANGE = (
    "-- zdmigrate: expand\nALTER TABLE users ADD COLUMN number integer;\n"
    "-- zdmigrate: backfill batch=300\nUPDATE users SET number = name::integer;\n"
    "-- zdmigrate: contract\nALTER TABLE users DROP COLUMN name;\n"
)
ASIDE = ("--on-row-error", "quarantine")


@pytest.fixture
def odd(project: Project) -> Project:
    """Three rows of 2,000 are no numbers, two of them side by side."""
    project.database.execute("UPDATE users SET name = id WHERE id NOT IN (700, 701, 1500)")
    project.database.execute("VACUUM FULL users")
    project.write("001_number.sql", CHANGE)
    return project


def keys(project: Project) -> list[str]:
    return [key[0] for (key,) in project.database.execute("SELECT key FROM zdmigrate.quarantine ORDER BY key")]


def test_rows_that_cannot_be_filled_are_left_aside_with_their_error_and_all_others_filled(odd: Project) -> None:
    told = odd.done("apply", "--phase", "expand", "--release", "v2", *ASIDE)
    assert "001_number: 3 rows could not be filled and are left aside: (id)=(" in told.text
    assert odd.state("001_number") == "expanded"
    assert keys(odd) == ["1500", "700", "701"]
    assert odd.database.execute("SELECT columns, error FROM zdmigrate.quarantine WHERE key = '{700}'") == [
        (["id"], 'invalid input syntax for type integer: "user 700" (22P02)')
    ]
    assert odd.database.execute("SELECT count(*), count(number) FROM users") == [(2000, 1997)]


def test_no_contract_runs_before_they_are_mended_and_apply_tries_them_again(odd: Project) -> None:
    odd.done("apply", "--phase", "expand", "--release", "v2", *ASIDE)
    told = odd.contract()
    assert told.code == 3, told.text
    text = " ".join(told.text.split())
    assert "3 rows could not be filled and are left aside: (id)=(" in text
    assert 'invalid input syntax for type integer: "user 700" (22P02)' in text
    odd.database.execute("UPDATE users SET name = '7' WHERE id = 700")
    odd.database.execute("DELETE FROM users WHERE id = 701")
    told = odd.done("apply", "--phase", "backfill")
    assert "001_number: 1 row could not be filled and is left aside: (id)=(1500): invalid input" in told.text
    assert "right or gone now: 2\n" in told.text
    assert "nothing to do" not in told.text
    assert keys(odd) == ["1500"]
    assert odd.database.execute("SELECT number FROM users WHERE id = 700") == [(7,)]
    odd.database.execute("UPDATE users SET name = '15' WHERE id = 1500")
    told = odd.contract()
    assert told.code == 0, told.text
    assert odd.database.execute("SELECT number FROM users WHERE id = 1500") == [(15,)]


def test_without_being_asked_a_row_stops_the_backfill(odd: Project) -> None:
    refused(odd.expand(), 4, 'invalid input syntax for type integer: "user 700"', "it is the row (id)=(700)")
    assert keys(odd) == []


def test_a_run_that_stopped_at_a_row_goes_on_past_it_when_it_is_asked_to(odd: Project) -> None:
    assert odd.expand().code == 4
    odd.done("apply", "--phase", "backfill", *ASIDE)
    assert keys(odd) == ["1500", "700", "701"]


def test_a_row_without_a_key_cannot_be_left_aside(odd: Project) -> None:
    odd.database.execute("ALTER TABLE users DROP CONSTRAINT users_pkey")
    refused(odd.expand(*ASIDE), 4, "a row of public.users cannot be left aside: the table has no key to find it by")


def test_where_too_many_rows_cannot_be_filled_the_statement_is_wrong(
    odd: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST", 2)
    refused(odd.expand(*ASIDE, "--workers", "1"), 4, "more than 2 rows of public.users cannot be filled")


def test_rows_of_partitions_and_of_keys_of_several_columns_are_found_again(project: Project) -> None:
    project.database.execute(
        "CREATE TABLE orders (region text, id int, total text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);"
        "CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu');"
        "CREATE TABLE orders_us PARTITION OF orders FOR VALUES IN ('us');"
        "INSERT INTO orders SELECT r, i, i FROM generate_series(1, 300) AS i, unnest(ARRAY['eu', 'us']) AS r;"
        "UPDATE orders SET total = 'many' WHERE region = 'us' AND id = 200"
    )
    project.write(
        "001_cents.sql",
        "-- zdmigrate: expand\nALTER TABLE orders ADD COLUMN cents bigint;\n"
        "-- zdmigrate: backfill\nUPDATE orders SET cents = total::bigint * 100;\n",
    )
    project.done("apply", "--phase", "expand", "--release", "v2", *ASIDE)
    assert project.database.execute("SELECT columns, key FROM zdmigrate.quarantine") == [
        (["region", "id"], ["us", "200"])
    ]
    project.database.execute("UPDATE orders SET total = 2 WHERE total = 'many'")
    project.done("apply", "--phase", "backfill")
    assert project.database.execute("SELECT count(*) FROM zdmigrate.quarantine") == [(0,)]
    assert project.database.execute("SELECT cents FROM orders WHERE region = 'us' AND id = 200") == [(200,)]
