"""zdmigrate log: who did what, from the ledger's record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.command()
@click.argument("change", required=False)
@click.option("--last", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="So many entries.")
@database
@common()
def command(config: Config, console: Console, dsn: str, change: str | None, last: int) -> None:
    """Show who did what, from where, with which program, and how long each lock was waited for and held.

    The ledger's record is only ever appended to. With CHANGE, its entries alone; the newest comes last.

    \b
    Examples:
      zdmigrate log --last 20
      zdmigrate log 043_full_name --format json
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.cli.record_lines import as_json, render
    from zdmigrate.ledger.record import read_record

    with open_ledger(dsn, "log") as connection:
        entries = read_record(connection, config.app, change=change)[-last:]
    if console.is_json:
        console.json({"version": 1, "app": config.app, "entries": [as_json(entry) for entry in entries]})
    elif entries:
        console.result("\n".join(render(entries)))
    else:
        console.result(f"the record says nothing of {change or config.app}\nnext: zdmigrate status")
