"""How the story looks: acts, sentences, commands and files, in 80 columns, with colour only where it is wanted."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

WIDEST = 80
REDRAW = 0.1  # seconds


class Screen:
    """Writes to stdout, in order with the commands that write there too."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.colour = self.terminal and not os.environ.get("NO_COLOR")
        self.width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)

    def act(self, number: int, title: str) -> None:
        self.heading(f"{number}  {title}")

    def heading(self, title: str) -> None:
        self._write(f"\n{self._style(title, bold=True)}\n{'─' * self.width}")

    def say(self, text: str) -> None:
        self._write(textwrap.fill(text, self.width, break_long_words=False, break_on_hyphens=False))

    def good(self, text: str) -> None:
        self._write(self._style(textwrap.fill(text, self.width), fg="green", bold=True))

    def bad(self, text: str) -> None:
        self._write(self._style(textwrap.fill(text, self.width), fg="red", bold=True))

    def command(self, line: str) -> None:
        self._write("\n" + self._style(f"$ {line}", fg="cyan", bold=True))

    def text(self, text: str) -> None:
        """As it is: a file, a table."""
        self._write(text.rstrip("\n"))

    def blank(self) -> None:
        self._write("")

    def watch(self, seconds: float, sleep: Callable[[float], None], line: Callable[[], str]) -> None:
        """Let ``seconds`` pass with ``line`` redrawn on a terminal; elsewhere it is written once, at the end."""
        for _ in range(round(seconds / REDRAW)):
            sleep(REDRAW)
            if self.terminal:
                self._write(f"\r\x1b[2K  {line()}"[: self.width + 6], newline=False)
        self._write("\r\x1b[2K" if self.terminal else "", newline=False)
        self._write(f"  {line()}")

    def _style(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold) if self.colour else text

    def _write(self, text: str, *, newline: bool = True) -> None:
        click.echo(text, nl=newline, color=True if self.terminal else None)
        sys.stdout.flush()
