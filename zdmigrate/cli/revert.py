"""zdmigrate revert: undo an expand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.listening import listening, metrics_file
from zdmigrate.cli.options import common, database
from zdmigrate.cli.signals import stop_on_sigterm
from zdmigrate.cli.target import change_named, changes_of, no_queries, target_of

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.command()
@click.argument("change")
@no_queries
@metrics_file
@database
@common("source_section", "lock_budget", "lock_deadline", formats=("text",), logs=True)
def command(
    config: Config, console: Console, dsn: str, change: str, no_queries: bool, metrics_file: str | None
) -> None:
    """Undo the expand of CHANGE by its revert section.

    Refuses with 3 while a version lives that needs the new side, and for good once the contract has begun.

    \b
    Example:
      zdmigrate revert 043_full_name
    """
    from zdmigrate.run.agreement import agree
    from zdmigrate.run.revert import revert

    stop_on_sigterm()
    with listening(console, config.app, metrics_file) as heard:
        target = target_of(dsn, config, console, queries=not no_queries, listener=heard.listener)
        changes = changes_of(config)
        named = change_named(changes, change)
        agree(target, changes)
        undone = revert(target, named)
    if not undone:
        console.say(f"{change} is not expanded: nothing to undo")
