"""The way out that docs/running.md gives to whoever forgot the baseline is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.tutorial import prepare
from zdmigrate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


@pytest.mark.parametrize("asked", [False, True])
def test_a_baseline_that_was_forgotten_can_be_given_later(
    asked: bool, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZDMIGRATE_DSN", database.dsn)
    assert run(["init", "--release", "1.0"]) == 0
    if asked:
        assert run(["apply", "--phase", "expand", "--release", "1.1"]) == 2, "it is there already"
        assert database.execute("SELECT count(*) FROM zdmigrate.change") == [(0,)]

    assert run(["init", "--release", "1.0", "--baseline", "001_users"]) == 0

    assert run(["apply", "--phase", "expand", "--release", "1.1"]) == 0
    assert database.execute("SELECT count(*) FROM users WHERE full_name = name") == [(20_000,)]
