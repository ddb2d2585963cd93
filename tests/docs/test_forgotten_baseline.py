"""The way out that docs/running.md gives to whoever forgot the baseline is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.tutorial import prepare
from zdmigrate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.servers.database import Database


def test_a_ledger_made_without_its_baseline_can_be_made_anew(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZDMIGRATE_DSN", database.dsn)
    assert run(["init", "--release", "1.0"]) == 0
    assert run(["apply", "--phase", "expand", "--release", "1.1"]) == 4

    database.execute("DROP SCHEMA zdmigrate CASCADE")

    assert run(["init", "--release", "1.0", "--baseline", "001_users"]) == 0
    assert run(["apply", "--phase", "expand", "--release", "1.1"]) == 0
    assert database.execute("SELECT count(*) FROM users WHERE full_name = name") == [(20_000,)]


def test_a_baseline_can_be_noted_under_another_release_before_any_change_was_begun(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZDMIGRATE_DSN", database.dsn)
    assert run(["init", "--release", "1.0"]) == 0

    assert run(["init", "--release", "1.0-baseline", "--baseline", "001_users"]) == 0

    assert run(["apply", "--phase", "expand", "--release", "1.1"]) == 0
