"""What a page of the docs holds: fenced blocks with their language, headings as anchors, links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


class Block(NamedTuple):
    """A fenced block; ``line`` is where its fence opens, from 1."""

    language: str
    text: str
    line: int


def pages() -> list[Path]:
    """README, CONTRIBUTING and every page of the docs."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    language: str | None = None
    held: list[str] = []
    opened = 0
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            if language is None:
                language, opened, held = line[3:].strip(), number, []
            else:
                yield Block(language, "".join(f"{one}\n" for one in held), opened)
                language = None
        elif language is not None:
            held.append(line)


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return "".join(re.split(r"^```.*?^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL))


def links(page: Path) -> list[str]:
    """Where the page's links go, as written."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be reached by."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables(page: Path) -> Iterator[list[str]]:
    """The rows of a page's tables, as lists of cells."""
    for line in prose(page).splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def write_files(page: Path, folder: Path) -> list[Path]:
    """Write the blocks whose first line is a comment with a path, as ``# deploy/expand.sh``, into ``folder``."""
    written = []
    for block in blocks(page):
        if named := re.match(r"(?:--|#) ([\w./-]+\.\w+)\n", block.text):
            written.append(folder / named[1])
            written[-1].parent.mkdir(parents=True, exist_ok=True)
            written[-1].write_text(block.text)
    return written
