"""``stats``, ``lint --dsn`` and ``[lint] statistics``: the same sizes, from a database or from a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.cli_lint.command import zdmigrate

if TYPE_CHECKING:
    from tests.servers.database import Database

SCHEMA = Path(__file__).parents[2] / "docs/schemas/lint-v1.schema.json"
INDEX = "CREATE INDEX orders_n_idx ON orders (n);\n"


@pytest.fixture(autouse=True)
def orders(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("1.sql").write_text(INDEX)
    with database.connect() as connection:
        connection.execute("CREATE TABLE orders AS SELECT n FROM generate_series(1, 25000) AS n")
        connection.execute("ANALYZE orders")


def test_the_file_that_stats_writes_is_what_lint_reads(database: Database) -> None:
    told = zdmigrate("stats", "--dsn", database.dsn, "--output", "stats.json")
    assert (told.code, told.out) == (0, "stats.json: 1 table\n")
    Path("zdmigrate.toml").write_text('[lint]\nstatistics = "stats.json"\nsmall_table_rows = 30_000')
    told = zdmigrate("lint", "1.sql")
    assert told.code == 0
    assert "warning create-index-not-concurrent" in told.out
    assert "About 1 s under SHARE on 25 k rows." in told.out


def test_without_a_file_stats_prints_what_it_would_hold(database: Database) -> None:
    printed = zdmigrate("stats", "--dsn", database.dsn).out
    zdmigrate("stats", "--dsn", database.dsn, "--output", "stats.json")
    assert printed == Path("stats.json").read_text()
    assert json.loads(printed)["tables"]["public.orders"]["rows"] == 25_000


def test_lint_asks_a_database_and_tells_programs_too(database: Database) -> None:
    report = json.loads(zdmigrate("lint", "1.sql", "--dsn", database.dsn, "--format", "json").out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    (finding,) = report["findings"]
    assert (finding["severity"], finding["rows"], finding["seconds"]) == ("error", 25_000, 0.027)


def test_nothing_is_asked_without_being_told_to(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_DSN", database.dsn)
    assert "rows." not in zdmigrate("lint", "1.sql").out


def test_a_database_that_does_not_answer_ends_with_2_and_its_password_is_not_told() -> None:
    for arguments in (("lint", "1.sql"), ("stats",)):
        told = zdmigrate(*arguments, "--dsn", "postgresql://reader:s3cret@127.0.0.1:1/shop")
        assert told.code == 2
        assert "the database does not answer" in told.err
        assert "s3cret" not in told.out + told.err


def test_a_file_that_is_not_there_ends_with_2() -> None:
    told = zdmigrate("lint", "1.sql", "--statistics", "absent.json")
    assert (told.code, told.err.splitlines()[0]) == (2, "error: absent.json: No such file or directory")


def test_a_statistics_file_needs_no_driver(database: Database) -> None:
    zdmigrate("stats", "--dsn", database.dsn, "--output", "stats.json")
    program = (
        "import sys; from zdmigrate.cli.main import run; run(['lint', '1.sql', '--statistics', 'stats.json']);"
        "print('psycopg' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "False"
