"""The page of other tools' folders names each of them, and its configurations are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.markdown import DOCS, blocks, tables
from zdmigrate.config import load
from zdmigrate.config_keys import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "sources.md"


def test_every_tool_is_on_the_page() -> None:
    assert tuple(row[0].strip("`") for row in tables(PAGE) if row[0].strip("`") in SOURCES) == SOURCES


def test_the_example_files_are_read(tmp_path: Path) -> None:
    sources = []
    for block in blocks(PAGE):
        if block.language == "toml":
            (tmp_path / "zdmigrate.toml").write_text(block.text)
            sources.append(load(tmp_path, environ={}).source)

    assert sources == ["golang-migrate", "django"]
