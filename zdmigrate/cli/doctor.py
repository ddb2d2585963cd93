"""zdmigrate doctor: what would stop a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.run.finding import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@database
@common("lock_budget", "disk_free", formats=("text",))
def command(config: Config, console: Console, dsn: str) -> int:
    """Look at connection, privileges, pooler, standbys, settings and versions: what would stop a run?

    Where the folder has changes that are due, also what they would meet: names that are taken, room on the disk,
    triggers, inheritance, rights, subscribers. Writes nothing. Exit code: 0 unless something would stop a run, then 1.

    \b
    Example:
      zdmigrate doctor --dsn postgresql://deploy@db1/shop
    """
    from zdmigrate.ledger.connection import connect
    from zdmigrate.run.doctor import examine
    from zdmigrate.run.finding import Health

    with connect(dsn, purpose="doctor") as connection:
        findings = [*examine(connection, config, dsn), *_of_what_is_due(connection, config, console, dsn)]
    for finding in findings:
        word = click.style(f"{finding.health.value:<8}", fg=_COLOURS[finding.health.value])
        console.result(f"{word} {finding.sentence}")
        if finding.hint:
            console.result(f"{'':8} next: {finding.hint}")
    return int(any(finding.health is Health.PROBLEM for finding in findings))


def _of_what_is_due(connection: Connection, config: Config, console: Console, dsn: str) -> Iterable[Finding]:
    """Nothing without a folder, or without a ledger to say what is due."""
    from zdmigrate.cli.target import changes_of, target_of
    from zdmigrate.ledger.ledger import VERSION, ledger_version
    from zdmigrate.run.doctor import examine_due

    if not Path(config.dir).is_dir() or ledger_version(connection) != VERSION:
        return ()
    return examine_due(connection, target_of(dsn, config, console), changes_of(config))
