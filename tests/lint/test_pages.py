"""The pages of docs/rules are what the generator would write."""

from __future__ import annotations

from pathlib import Path

from zdmigrate.lint.pages import written
from zdmigrate.lint.rules import rules_folder

RULES = Path(rules_folder())
DOCS = RULES.parent / "docs" / "rules"


def test_every_generated_file_is_current() -> None:
    stale = [
        path.name
        for path, text in written(RULES, DOCS).items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]
    assert stale == [], "run python -m zdmigrate.lint.pages"


def test_there_is_no_page_without_a_rule() -> None:
    assert set(DOCS.glob("*.md")) <= written(RULES, DOCS).keys()
