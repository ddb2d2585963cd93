"""``zdmigrate stats``: the sizes of a database's tables, for lint to know what is long and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.sources.text import write_text

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.command()
@click.option("--output", metavar="FILE", help="Write into FILE instead of the terminal.")
@database
@common(formats=("json",))
def command(output: str | None, dsn: str, config: Config, console: Console) -> None:  # noqa: ARG001 - common's
    """Print the sizes of all tables: what the server estimates of rows, and bytes on disc. Reads no table.

    Commit the file, and name it in the configuration ([lint] statistics): lint then says how long a scan or rewrite
    takes. The numbers are rounded, so that the file changes when something has changed. DSN may be a standby's.

    \b
    Example:
      zdmigrate stats --dsn postgresql://reader@standby/shop --output zdmigrate-stats.json
    """
    from datetime import UTC, datetime

    from zdmigrate.lint.statistics import statistics_text
    from zdmigrate.run.table_sizes import table_sizes

    sizes, major = table_sizes(dsn)
    text = statistics_text(sizes, postgres=major, taken=datetime.now(UTC).date().isoformat())
    if output is None:
        console.result(text.removesuffix("\n"))
        return
    write_text(output, text)
    console.say(f"{output}: {len(sizes)} {'table' if len(sizes) == 1 else 'tables'}")
