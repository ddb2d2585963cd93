"""A file is written whole, or left as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zdmigrate.errors import UsageError
from zdmigrate.sources.text import write_text

if TYPE_CHECKING:
    from pathlib import Path


def test_what_stops_half_way_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "001.sql"
    file.write_text("SELECT 1;")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_text(str(file), "SELECT 2;")
    assert file.read_text() == "SELECT 1;"
    assert list(tmp_path.iterdir()) == [file]


def test_it_takes_the_old_files_place_with_its_mode_and_through_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "001.sql", tmp_path / "link.sql"
    file.write_text("SELECT 1;")
    file.chmod(0o640)
    link.symlink_to(file)
    write_text(str(link), "SELECT 2;\r\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"SELECT 2;\r\n"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path) -> None:
    usual, file = tmp_path / "usual", tmp_path / "002.sql"
    usual.touch()
    write_text(str(file), "SELECT 1;")
    assert file.stat().st_mode == usual.stat().st_mode
