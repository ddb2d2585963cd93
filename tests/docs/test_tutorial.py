"""Pages that show commands show what these print: each is run from its first block to its last on a real database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, ROOT, blocks
from tests.docs.transcript import TRANSCRIPTS, transcript
from zdmigrate import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.whole if "alembic" in name else ()) for name in TRANSCRIPTS],
)
def test_what_the_page_shows_is_what_its_commands_print(name: str, database: Database, tmp_path: Path) -> None:
    page, folder = ROOT / name, tmp_path / "shop"
    folder.mkdir()

    now = transcript(page, folder, database)

    assert now == page.read_text("utf-8"), "write it anew with: python -m tests.docs.rewrite"


def test_pages_with_commands_that_are_shown_with_their_output_are_run() -> None:
    shown = [page for page in sorted(DOCS.glob("*.md")) if any(block.language == "console" for block in blocks(page))]

    assert {str(page.relative_to(ROOT)) for page in shown} <= set(TRANSCRIPTS)


def test_the_readme_has_the_two_commands_of_the_quick_start() -> None:
    written = [block.text for block in blocks(ROOT / "README.md")]

    assert "pip install '.[embedded]' && zdmigrate demo\n" in written
    assert "pip install '.[dev]' && pytest\n" in written


def test_a_page_names_each_pre_commit_hook_at_this_version() -> None:
    hooks = re.findall(r"^- id: (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"), flags=re.MULTILINE)

    for hook, page in zip(hooks, ("README.md", "docs/alembic.md"), strict=True):
        text = (ROOT / page).read_text("utf-8")
        assert f"- id: {hook}\n" in text
        assert f"rev: v{__version__}\n" in text
