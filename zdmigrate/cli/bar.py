"""A backfill's place as a bar that is redrawn in a terminal, and under it what holds the backfill back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console as Terminal
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from zdmigrate.run.events import BackfillProgress

WIDTH = 30  # columns of the bar


class Bar:
    """Drawn on stderr, and gone without a trace when it is cleared: what stays is said in lines."""

    def __init__(self, terminal: Terminal | None = None) -> None:
        self.live = Live(
            console=terminal or Terminal(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def draw(self, progress: BackfillProgress, words: str) -> None:
        """The bar and ``words``, with the reason for a slow pace in a line of its own."""
        if not self.live.is_started:
            self.live.start()
        row = Table.grid(padding=(0, 1))
        row.add_row(" ", ProgressBar(total=max(progress.total, 1), completed=progress.done, width=WIDTH), Text(words))
        held = Text(f"    {progress.throttle}", style="yellow")
        self.live.update(Group(row, held) if progress.throttle else row, refresh=True)

    def clear(self) -> None:
        """Take it away, for a line to be printed."""
        if self.live.is_started:
            self.live.stop()
