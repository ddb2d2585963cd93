"""``zdmigrate demo``: the whole story on an embedded server, two app versions writing all the while."""

from __future__ import annotations

import click

FEWEST = 1_000  # below, the connections would have hardly any users of their own


@click.command()
@click.option(
    "--users", type=click.IntRange(min=FEWEST), default=50_000, show_default=True, help="How many users the shop has."
)
@click.option("--keep", is_flag=True, help="Leave the server running at the end, until Ctrl-C.")
def command(users: int, keep: bool) -> int:
    """Rename a column under two app versions that write all the while, and measure what they noticed.

    Runs on a PostgreSQL 18 of its own (pip install 'zdmigrate[embedded]') that is gone afterwards, and touches no
    other database. Takes half a minute. Exit code: 0 when no query failed, no write was lost, the two names never
    disagreed and no query waited over the lock budget; else 1.

    \b
    Examples:
      zdmigrate demo
      zdmigrate demo --users 1000000 --keep
    """
    from zdmigrate.demo.interrupts import orderly
    from zdmigrate.demo.screen import Screen
    from zdmigrate.demo.story import tell

    with orderly():
        return tell(Screen(), users, keep=keep)
