"""A new partition beside a default one: ATTACH reads that whole, and the lock budget keeps it from being noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.life import Life
from tests.run.command import zdmigrate
from zdmigrate.recipes.parts import partitions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

STOCK = """
CREATE FUNCTION looked_at(item text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM pg_sleep({seconds});
    RETURN item;
END $$;
CREATE TABLE stock (id bigint, item text, told text) PARTITION BY LIST ({key});
ALTER TABLE stock ALTER told SET STORAGE PLAIN;
CREATE TABLE stock_tea PARTITION OF stock FOR VALUES IN ('tea');
CREATE TABLE stock_rest PARTITION OF stock DEFAULT;
INSERT INTO stock SELECT i, CASE WHEN i > 30 THEN 'milk' ELSE 'tea' END, repeat('x', 7000)
    FROM generate_series(1, {rows}) AS i;
"""
COFFEE = "CREATE TABLE stock_coffee PARTITION OF stock FOR VALUES IN ('coffee');"
TOO_LARGE = ("--lock-budget", "10ms")


def rewritten(folder: Path, database: Database, *options: str) -> tuple[int, str]:
    file = folder / "001_coffee.sql"
    file.write_text(COFFEE)
    printed = zdmigrate("rewrite", str(file), "--in-place", "--dir", str(folder), "--dsn", database.dsn, *options)
    return printed.code, printed.text


def stocked(database: Database, rows: int, *, slowly: bool = False) -> None:
    """``slowly``: to look at a row takes a millisecond, however fast the machine is."""
    key, seconds = ("(looked_at(item))", 0.001) if slowly else ("item", 0)
    with database.connect() as connection:
        connection.execute(STOCK.format(rows=rows, key=key, seconds=seconds).encode())


@pytest.mark.whole
def test_one_that_is_too_large_for_the_budget_harms_nobody_and_nothing_has_changed(
    database: Database, tmp_path: Path
) -> None:
    stocked(database, 200, slowly=True)
    code, told = rewritten(tmp_path, database)
    assert code == 0, told
    with Life(database, database, tmp_path) as life:
        life.run("init", "--release", "v1")
        life.old.start().works_on()
        command = ("apply", "--phase", "expand", "--release", "v2", *TOO_LARGE)
        printed = zdmigrate(*command, "--dsn", database.dsn, "--dir", str(tmp_path))
        assert printed.code == 4, printed.text
        assert "stock_rest" in printed.text
        life.old.works_on()
        life.old.stop()
    assert not database.execute("SELECT FROM pg_inherits WHERE inhrelid = 'stock_coffee'::regclass")


def test_one_that_the_database_says_is_large_is_refused_with_both_ways_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(database, 100)
    monkeypatch.setattr(partitions, "_AT_ONCE", 8192)
    code, told = rewritten(tmp_path, database)
    assert code == 2
    assert "public.stock_rest, the default partition" in told
    assert "partitions of their own first" in told
    assert "--allow 'not-additive-in-expand=WHY'" in told
    code, told = rewritten(tmp_path, database, "--allow", "not-additive-in-expand=no version sells coffee yet")
    assert code == 0, told
    assert "because no version sells coffee yet" in (tmp_path / "001_coffee.sql").read_text()


def test_one_whose_check_has_proven_it_in_a_change_before_is_not_read_again(database: Database, tmp_path: Path) -> None:
    stocked(database, 10)
    database.execute("ALTER TABLE stock_rest ADD CONSTRAINT apart CHECK (item NOT IN ('coffee'))")
    code, told = rewritten(tmp_path, database)
    assert code == 0, told
    assert "attach-partition-scan" not in (tmp_path / "001_coffee.sql").read_text()
