"""Findings are kept while nothing changes that they follow from, and never used when something has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Config, Lint
from zdmigrate.lint import cache, project
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.project import Project, lint_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zdmigrate.lint.finding import LintResult

UNSAFE = "alter table users rename column name to full_name; -- é\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZDMIGRATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(project, "MANY", 2)
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001.sql").write_text(UNSAFE)
    (folder / "002.sql").write_text("create table a (id bigint primary key);\n")
    return folder


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with each time that files are really linted."""
    seen: list[object] = []

    def counted(*arguments: object, **named: object) -> LintResult:
        seen.append(arguments)
        return lint_changes(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(project, "lint_changes", counted)
    return seen


def linted(folder: Path, *, cached: bool = True, severity: dict[str, str] | None = None) -> LintResult:
    config = Config(lint=Lint(severity=severity or {}))
    return lint_project(Project(config, str(folder), (str(folder),)), cached=cached).result


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.parent.glob("cache/*/*") if path.is_file()]


def test_a_second_run_tells_the_same_without_linting(folder: Path, runs: list[object]) -> None:
    first, second = linted(folder), linted(folder)
    assert len(runs) == 1
    assert second.findings == first.findings
    assert first.findings
    assert second.changed(lines={}) == first.changed(lines={})
    assert {path: lines.text_of(1) for path, lines in second.lines.items()} == {
        path: lines.text_of(1) for path, lines in first.lines.items()
    }


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: (folder / "002.sql").write_text("create table b (id bigint primary key);\n"),
    "a new file": lambda folder: (folder / "003.sql").write_text(UNSAFE),
    "a file's name": lambda folder: (folder / "002.sql").rename(folder / "000.sql"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_linted_again(folder: Path, runs: list[object], change: Callable[[Path], object]) -> None:
    linted(folder)
    change(folder)
    linted(folder)
    assert len(runs) == 2


def test_another_configuration_is_another_run(folder: Path, runs: list[object]) -> None:
    linted(folder)
    assert linted(folder, severity={"rename-column": "hint"}).findings[0].severity == "hint"
    assert len(runs) == 2


def test_another_program_is_another_run(folder: Path, runs: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    linted(folder)
    monkeypatch.setattr("zdmigrate.__version__", "another")
    linted(folder)
    assert len(runs) == 2


def test_a_setting_beside_the_files_counts(tmp_path: Path, folder: Path, runs: list[object]) -> None:
    """Flyway reads V1__a.sql.conf; that file is no change, and decides on a transaction."""
    for path in folder.iterdir():
        path.rename(folder / f"V{path.stem}__a.sql")
    linted(folder)
    (folder / "V001__a.sql.conf").write_text("executeInTransaction=false\n")
    linted(folder)
    assert len(runs) == 2


@pytest.mark.parametrize("damage", [b"", b"x", b"[]", b"\n{}", b"\xff\n"])
def test_a_damaged_entry_is_not_used(folder: Path, runs: list[object], damage: bytes) -> None:
    expected = linted(folder)
    (entry,) = entries(folder)
    for damaged in (damage, entry.read_bytes()[:-1], entry.read_bytes().replace(b"error", b"hints")):
        entry.write_bytes(damaged)
        assert linted(folder).findings == expected.findings
    assert len(runs) == 4


def test_entries_are_for_their_owner_only(folder: Path) -> None:
    linted(folder)
    (entry,) = entries(folder)
    assert entry.stat().st_mode & 0o077 == 0
    assert entry.parent.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_write_to_is_not_used(folder: Path, runs: list[object]) -> None:
    linted(folder)
    entries(folder)[0].parent.chmod(0o777)
    linted(folder)
    assert len(runs) == 2


def test_a_cache_that_cannot_be_made_fails_nothing(
    folder: Path, runs: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZDMIGRATE_CACHE", str(folder / "001.sql"))
    assert linted(folder).findings == linted(folder).findings
    assert len(runs) == 2


def test_without_the_cache_nothing_is_kept(folder: Path, runs: list[object]) -> None:
    linted(folder, cached=False)
    linted(folder, cached=False)
    assert len(runs) == 2
    assert entries(folder) == []


def test_the_oldest_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEPT", 2)
    for number in range(4):
        (folder / "003.sql").write_text(f"create table c_{number} (id bigint primary key);\n")
        linted(folder)
        for entry in entries(folder):
            os.utime(entry, ns=(entry.stat().st_atime_ns, entry.stat().st_mtime_ns - 10**9))
    assert len(entries(folder)) == 2


def test_a_refused_file_is_refused_again(folder: Path) -> None:
    (folder / "003.sql").write_bytes(b"select '\xff'")
    (folder / "004.sql").write_text("select 1;")
    for _ in range(2):
        with pytest.raises(Exception, match="not UTF-8"):
            linted(folder)
    assert entries(folder) == []
