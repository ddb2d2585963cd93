"""zdmigrate doctor: what would stop a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@database
@common("lock_budget", formats=("text",))
def command(config: Config, console: Console, dsn: str) -> int:
    """Look at connection, privileges, pooler, standbys, settings and versions: what would stop a run?

    Writes nothing. Exit code: 0 unless something would stop a run, then 1.

    \b
    Example:
      zdmigrate doctor --dsn postgresql://deploy@db1/shop
    """
    from zdmigrate.ledger.connection import connect
    from zdmigrate.run.doctor import Health, examine

    with connect(dsn, purpose="doctor") as connection:
        findings = list(examine(connection, config, dsn))
    for finding in findings:
        word = click.style(f"{finding.health.value:<8}", fg=_COLOURS[finding.health.value])
        console.result(f"{word} {finding.sentence}")
        if finding.hint:
            console.result(f"{'':8} next: {finding.hint}")
    return int(any(finding.health is Health.PROBLEM for finding in findings))
