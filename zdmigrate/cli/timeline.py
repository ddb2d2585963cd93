"""``zdmigrate timeline``: what happened, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.seconds import seconds_or_none
from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.command()
@click.option("--svg", type=click.Path(dir_okay=False), metavar="FILE", help="Draw into this file; - for stdout.")
@click.option("--last", callback=seconds_or_none, metavar="TIME", help="Only the last so long: 24h. [default: all]")
@database
@common()
def command(config: Config, console: Console, dsn: str, svg: str | None, last: float) -> None:
    """Show releases, the phases of changes, and the verdicts of gates and guards over time, from the ledger.

    \b
    Examples:
      zdmigrate timeline --svg rollout.svg
      zdmigrate timeline --last 24h
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.timeline.history import as_json, read_history
    from zdmigrate.timeline.svg import draw
    from zdmigrate.timeline.text import render

    with open_ledger(dsn, "timeline") as connection:
        history = read_history(connection, config.app, last or None)
    if svg == "-":
        console.result(draw(history).rstrip())
    elif svg:
        _write(Path(svg), draw(history))
        console.say(f"drawn: {svg}")
    elif console.is_json:
        console.json(as_json(history))
    else:
        console.result("\n".join(render(history)))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            state="nothing was drawn",
            hint="name a file in a folder that this user may write",
        ) from None
