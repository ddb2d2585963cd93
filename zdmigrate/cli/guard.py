"""``zdmigrate guard``: health guards for as long as a rollout takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.seconds import seconds, seconds_or_none
from zdmigrate.cli.signals import stop_on_sigterm
from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config, Guard


@click.command()
@click.option("--for", "length", callback=seconds_or_none, metavar="TIME", help="How long all must be well: 30min.")
@click.option("--take-baseline", is_flag=True, help="Measure now, before the rollout, and keep it in the ledger.")
@click.option("--guard", "names", multiple=True, metavar="NAME", help="Only this guard; may be given again.")
@click.option("--release", metavar="VERSION", help="What is rolled out. [default: ZDMIGRATE_RELEASE, then the last]")
@click.option(
    "--wait",
    default="10min",
    show_default=True,
    callback=seconds,
    metavar="TIME",
    help="How long to wait: with pause until all is well again, with revert until the release is gone.",
)
@click.option(
    "--codedeploy",
    nargs=2,
    metavar="DEPLOYMENT EXECUTION",
    help="Answer this lifecycle hook of AWS CodeDeploy: the two ids of its event.",
)
@click.argument("wrapped", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
@database
@common("rollout.action", "rollout.webhook", "rollout.webhook_token", "lock_budget", "lock_deadline")
def command(config: Config, console: Console, dsn: str, **given: Any) -> int:
    """Watch the configured health guards while a rollout goes on: for a time, and while COMMAND runs.

    Exit code 0: all were well. 1: a guard said no (with --action revert, and the expand is undone). 3: with --action
    pause, they were not well again in time; with revert, instances of the release still run.

    \b
    Examples:
      zdmigrate guard --take-baseline
      zdmigrate guard --for 30min --action revert
      zdmigrate guard --for 10min -- zdmigrate apply --phase contract
    """
    from zdmigrate.cli.guard_vigil import Asked
    from zdmigrate.cli.guarding import keep_watch, take_now

    guards = _chosen(config, given.pop("names"))
    patience = given.pop("wait")
    asked = Asked(**given, patience=patience)
    if asked.take_baseline:
        return take_now(dsn, config, console, guards, asked.release)
    if not (asked.length or asked.wrapped):
        raise UsageError("for how long shall the guards be watched?", hint="--for 30min, or -- COMMAND")
    stop_on_sigterm()
    return keep_watch(dsn, config, console, guards, asked)


def _chosen(config: Config, names: Sequence[str]) -> tuple[Guard, ...]:
    """The guards that are asked for. Raises UsageError where there are none, or one is unknown."""
    from zdmigrate.nearest import did_you_mean

    if not config.guards:
        raise UsageError("no [[guard]] is configured", hint="docs/guarding.md has examples for zdmigrate.toml")
    known = [guard.name for guard in config.guards]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no guard {name}", hint=did_you_mean(name, known))
    return tuple(guard for guard in config.guards if not names or guard.name in names)
