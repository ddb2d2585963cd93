"""Tables as a person reads them: as wide as the terminal, or 80 columns where there is none."""

from __future__ import annotations

import io
import shutil
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from zdmigrate.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def draw(columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None = None) -> str:
    """A table with one rule under its head; the last column takes what is left, and wraps first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), collapse_padding=True)
    for place, name in enumerate(columns):
        table.add_column(name, overflow="fold", ratio=1 if place == len(columns) - 1 else None)
    for row in rows:
        table.add_row(*("\n".join(map(shown, cell.split("\n"))) for cell in row))
    out = io.StringIO()
    wide = width or columns_wide()
    Console(file=out, width=wide, color_system=None, markup=False, highlight=False, emoji=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines())


def columns_wide() -> int:
    """A pipe has no width, and a table drawn for the terminal beside it would be torn by the next reader."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
