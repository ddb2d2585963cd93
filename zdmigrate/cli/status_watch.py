"""The loop of ``zdmigrate status --watch``: where everything stands, again and again, while others run."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.ledger_session import open_ledger
from zdmigrate.cli.looking import looks
from zdmigrate.cli.record_lines import line, who
from zdmigrate.cli.status import as_json, text
from zdmigrate.ledger.record import read_record
from zdmigrate.run.standing import read_standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.ledger.record import Entry
    from zdmigrate.run.standing import Standing
    from zdmigrate.sources.change import Change

LAST = 8  # entries of the record below the tables


def keep_showing(dsn: str, config: Config, console: Console, changes: Sequence[Change], every: float) -> None:
    """Show until interrupted. An outage at first is raised."""
    shown = _Shown(config, console, changes)
    shown.show(*_look(dsn, config, changes, 0))
    for seen in looks(lambda: _look(dsn, config, changes, shown.last), console, every):
        shown.show(*seen)


def _look(dsn: str, config: Config, changes: Sequence[Change], after: int) -> tuple[Standing, list[Entry]]:
    """Where everything stands, and what the record has got since."""
    with open_ledger(dsn, "status --watch") as connection:
        return read_standing(connection, config, changes), read_record(connection, config.app, after=after)


class _Shown:
    """What was shown by now: the record up to ``last``, and its newest entries."""

    def __init__(self, config: Config, console: Console, changes: Sequence[Change]) -> None:
        self.config, self.console, self.changes = config, console, changes
        self.last = 0
        self.entries: list[Entry] = []
        self.backfills: list[str] = []

    def show(self, standing: Standing, new: list[Entry]) -> None:
        first = not self.last
        self.last = new[-1].id if new else self.last
        self.entries = [*self.entries, *new][-LAST:]
        if self.console.is_json:
            self.console.result(json.dumps(as_json(self.config, self.changes, standing), ensure_ascii=False))
        elif sys.stdout.isatty():
            click.clear()
            self.console.result(f"{self._text(standing)}\n\n{self._record()}")
        elif first:
            self.console.result(self._text(standing))
        else:
            self._tell(standing, new)

    def _text(self, standing: Standing) -> str:
        return text(self.config, self.changes, standing)

    def _record(self) -> str:
        return "\n".join(f"{line(entry)}  ({who(entry)})" for entry in self.entries)

    def _tell(self, standing: Standing, new: list[Entry]) -> None:
        """Lines for what is new: a log can be read from top to bottom."""
        for entry in new:
            self.console.result(line(entry))
        backfills = [each.sentence for each in standing.backfills]
        for told in backfills:
            if told not in self.backfills:
                self.console.result(f"{time.strftime('%H:%M:%S')}  {told}")
        self.backfills = backfills
