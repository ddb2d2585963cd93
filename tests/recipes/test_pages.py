"""The pages of the recipes say what rewrite writes."""

from __future__ import annotations

from tests.recipes.pages import DOCS, pages


def test_the_pages_are_what_rewrite_writes_now() -> None:
    wanted = pages()
    stale = [path.name for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    left = [path.name for path in DOCS.glob("*.md") if path not in wanted]
    assert not [*stale, *left], "write them anew with: python -m tests.recipes.pages"
