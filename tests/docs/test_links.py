"""Links lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import ROOT, anchors, links, pages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [link for link in links(page) if not _leads_somewhere(page, link)]

    assert not broken


def _leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    path, _, fragment = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not fragment or fragment in anchors(target))
