"""``lint`` on other tools' folders, as typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli_lint.command import zdmigrate
from tests.sources.folders import FOLDERS, filled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DBMATE = str(FOLDERS / "dbmate")


def test_down_is_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "drop-index-not-concurrent" not in zdmigrate("lint", DBMATE).out
    assert "drop-index-not-concurrent" in zdmigrate("lint", "--down", DBMATE).out


def test_a_doubtful_folder_exits_with_2_and_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filled(tmp_path, **{"db/1_a.up.sql": "SELECT 1;", "db/1_a.down.sql": "SELECT 1;"})
    printed = zdmigrate("lint", "db")
    assert printed.code == 2
    assert "db: this folder could be golang-migrate or sqlx" in printed.err
    assert zdmigrate("lint", "db", "--source", "sqlx").code == 0


def test_the_source_may_be_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filled(tmp_path, **{"db/1_a.up.sql": "SELECT 1;", "db/1_a.down.sql": "SELECT 1;"})
    (tmp_path / "zdmigrate.toml").write_text('dir = "db"\nsource = "sqlx"\n')
    assert zdmigrate("lint").code == 0


def test_djangos_command_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = FOLDERS / "django"
    (tmp_path / "zdmigrate.toml").write_text(
        f'dir = "{folder}/shop/migrations"\nsource_command = ["{folder}/sqlmigrate", "{{app}}", "{{migration}}"]\n'
    )
    printed = zdmigrate("lint")
    assert printed.code == 1
    assert "drop-column" in printed.out


def test_a_tool_that_nobody_knows_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    printed = zdmigrate("lint", DBMATE, "--source", "liquibase")
    assert printed.code == 2
    assert "--source: 'liquibase' is not one of native, plain, single-transaction, flyway" in printed.err
