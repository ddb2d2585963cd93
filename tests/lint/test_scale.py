"""How long work takes on tables whose size is known, and what that does to a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Config, Lint
from zdmigrate.errors import ConfigError
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules
from zdmigrate.lint.scale import told_rows, told_seconds
from zdmigrate.lint.statistics import read_statistics, statistics_text
from zdmigrate.schema.row_estimates import TableSize
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from pathlib import Path

    from zdmigrate.lint.finding import Finding

SIZES = {
    "public.orders": TableSize(12_000_000, 3_000_000_000, 1_000_000_000),
    "public.notes": TableSize(900, 65_536, 16_384),
    "public.uncounted": TableSize(None, 8192),
}
SCAN = "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;"
REWRITE = "ALTER TABLE orders ALTER COLUMN id TYPE bigint;"
BUILD = "CREATE INDEX i ON {} (id);"


def found(sql: str, small: int = 0) -> Finding:
    config = Config(runner="other", lint=Lint(sizes=SIZES, small_table_rows=small))
    (finding,) = lint_changes([read_change("m/1.sql", sql)], config, load_rules()).findings
    return finding


@pytest.mark.parametrize(
    ("sql", "told", "seconds"),
    [
        (SCAN, "About 6 s under ACCESS EXCLUSIVE on 12 M rows.", 6),
        (REWRITE, "About 40 s under ACCESS EXCLUSIVE on 12 M rows.", 40),
        (BUILD.format("orders"), "About 18 s under SHARE on 12 M rows.", 18),
        ("ALTER TABLE orders ADD UNIQUE (id);", "About 18 s under ACCESS EXCLUSIVE on 12 M rows.", 18),
    ],
)
def test_a_finding_says_how_long_its_work_takes_under_which_lock_on_how_many_rows(
    sql: str, told: str, seconds: float
) -> None:
    finding = found(sql)
    assert finding.message.endswith(f". {told}")
    assert (finding.rows, finding.seconds) == (12_000_000, seconds)


@pytest.mark.parametrize("table", ["uncounted", "unheard_of", "app.orders"])
def test_nothing_is_said_or_assumed_of_a_table_whose_rows_nobody_knows(table: str) -> None:
    finding = found(BUILD.format(table), small=1_000_000)
    assert (finding.severity, finding.rows, finding.seconds) == ("error", None, None)
    assert "About" not in finding.message


@pytest.mark.parametrize(("table", "severity"), [("notes", "warning"), ("orders", "error")])
def test_work_on_a_small_table_weighs_less(table: str, severity: str) -> None:
    assert found(BUILD.format(table), small=1000).severity == severity
    assert found(BUILD.format(table), small=900).severity == "error", "which is not fewer than 900"


def test_what_is_not_about_work_weighs_as_much_on_a_small_table() -> None:
    assert found("ALTER TABLE notes DROP COLUMN body;", small=1000).severity == "error"


def test_all_tables_have_to_be_known() -> None:
    sql = "ALTER TABLE {} ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES {} (id);"
    assert found(sql.format("notes", "orders")).rows == 900, "only the table with the key is read"
    assert found(sql.format("unheard_of", "notes")).rows is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (0, "0 rows"),
        (1, "1 row"),
        (999, "999 rows"),
        (1000, "1 k rows"),
        (1520, "1.5 k rows"),
        (999_900, "1,000 k rows"),
        (12_345_678, "12 M rows"),
        (3_200_000_000, "3,200 M rows"),
    ],
)
def test_rows_are_told_as_roughly_as_they_are_known(rows: int, told: str) -> None:
    assert told_rows(rows) == told


@pytest.mark.parametrize(("seconds", "told"), [(0.01, "1 s"), (119, "119 s"), (300, "5 min"), (9000, "2 h")])
def test_seconds_become_minutes_and_hours(seconds: float, told: str) -> None:
    assert told_seconds(seconds) == told


def test_a_file_of_statistics_has_a_table_a_line_in_order_and_is_read_as_written(tmp_path: Path) -> None:
    text = statistics_text(SIZES, postgres=18, taken="2026-11-23")
    assert text.splitlines()[1:4] == ['"version": 1,', '"taken": "2026-11-23",', '"postgres": 18,']
    assert text.splitlines()[5:8] == [
        '  "public.notes": {"rows": 900, "bytes": 66000, "index_bytes": 16000},',
        '  "public.orders": {"rows": 12000000, "bytes": 3000000000, "index_bytes": 1000000000},',
        '  "public.uncounted": {"rows": null, "bytes": 8200, "index_bytes": 0}',
    ]
    (tmp_path / "stats.json").write_text(text)
    read = read_statistics(str(tmp_path / "stats.json"))
    assert read["public.orders"] == SIZES["public.orders"]
    assert read["public.uncounted"].rows is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "No such file"),
        ("{", "these are no statistics"),
        ("[]", "these are no statistics"),
        ('{"version": 2, "tables": {}}', "statistics of version 2"),
        ('{"version": 1, "tables": {"t": {}}}', "these are no statistics"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | None, told: str) -> None:
    file = tmp_path / "stats.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        read_statistics(str(file))
    assert "zdmigrate stats" in caught.value.hint
