"""The changes that a page shows are read again when a file has changed, and not for each look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.config import Config
from zdmigrate.serve import folder as folder_module
from zdmigrate.serve.folder import AGAIN, Folder
from zdmigrate.sources.revisions import changes_to_run

if TYPE_CHECKING:
    from pathlib import Path

    from zdmigrate.sources.change import Change

CHANGE = "-- zdmigrate: expand\nALTER TABLE users ADD x int;\n"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Each reading of the folder, as it happens."""
    found: list[Config] = []

    def read(config: Config) -> tuple[Change, ...]:
        found.append(config)
        return changes_to_run(config)

    monkeypatch.setattr(folder_module, "changes_to_run", read)
    return found


def test_a_folder_is_read_when_a_file_has_changed_and_once_a_minute(tmp_path: Path, reads: list[Config]) -> None:
    (tmp_path / "a.sql").write_text(CHANGE)
    clock = Clock()
    folder = Folder(Config(app="shop", dir=str(tmp_path)), clock)
    for _ in range(3):
        assert [change.id for change in folder.changes()] == ["a"]
    assert len(reads) == 1
    (tmp_path / "b.sql").write_text(CHANGE)
    assert [change.id for change in folder.changes()] == ["a", "b"]
    (tmp_path / "b.sql").unlink()
    assert [change.id for change in folder.changes()] == ["a"]
    assert len(reads) == 3
    clock.now = AGAIN + 1
    folder.changes()
    assert len(reads) == 4, "env.py may look at what lies elsewhere"


def test_what_a_run_leaves_behind_changes_nothing(tmp_path: Path, reads: list[Config]) -> None:
    (tmp_path / "a.sql").write_text(CHANGE)
    folder = Folder(Config(app="shop", dir=str(tmp_path)), Clock())
    folder.changes()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "env.pyc").write_text("x")
    folder.changes()
    assert len(reads) == 1


def test_a_folder_that_cannot_be_read_has_no_changes_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- zdmigrate: no such section\nSELECT 1;\n")
    folder = Folder(Config(app="shop", dir=str(tmp_path)), Clock())
    assert folder.changes() == ()
    (tmp_path / "a.sql").write_text(CHANGE)
    assert [change.id for change in folder.changes()] == ["a"]
    assert Folder(Config(app="shop", dir=str(tmp_path / "nowhere"))).changes() == ()
