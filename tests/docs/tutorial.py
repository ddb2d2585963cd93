"""The files and the database of the tutorial, for tests that need something to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.markdown import DOCS, blocks
from tests.docs.transcript import prepare as prepare_block

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


def prepare(folder: Path, database: Database) -> None:
    """What a reader has before ``init``, and the files as they are at the end of the tutorial."""
    for block in blocks(DOCS / "tutorial.md"):
        if block.language in ("sql", "toml"):
            prepare_block(block.language, block.text, folder, database)
