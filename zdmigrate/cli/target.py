"""What the commands that run have in common: the database they work on, and the change files they read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.progress import Lines
from zdmigrate.errors import UsageError
from zdmigrate.nearest import did_you_mean
from zdmigrate.run.target import Target, limits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.run.events import Listener
    from zdmigrate.sources.change import Change


no_queries = click.option(
    "--no-queries", is_flag=True, envvar="ZDMIGRATE_NO_QUERIES", help="Name who is in the way without their SQL."
)


def target_of(
    dsn: str, config: Config, console: Console, *, queries: bool = True, listener: Listener | None = None
) -> Target:
    """The database of a command, with a listener that prints unless another is given."""
    heard = listener or Lines(console)
    return Target(dsn=dsn, config=config, listener=heard, limits=limits_of(config), queries=queries)


def changes_of(config: Config) -> tuple[Change, ...]:
    """The changes of the configured folder, or the revisions of the Alembic project, in order."""
    from zdmigrate.run.due import nothing_run
    from zdmigrate.sources.revisions import changes_to_run

    with nothing_run():
        return changes_to_run(config)


def change_named(changes: Sequence[Change], name: str) -> Change:
    """The change with this id, or of this file name. Raises UsageError with the nearest one."""
    ids = [change.id for change in changes]
    wanted = Path(name).name.removesuffix(".sql")
    for change in changes:
        if change.id == wanted:
            return change
    raise UsageError(
        f"there is no change {wanted} in this folder", state="nothing was changed", hint=did_you_mean(wanted, ids)
    )
