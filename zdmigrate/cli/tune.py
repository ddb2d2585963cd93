"""zdmigrate tune: change a backfill while it runs, from another terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zdmigrate.cli.options import common, database
from zdmigrate.config_keys import KEYS, TUNABLE, flag_name, read_key
from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.run.backfills.tuning import Tuning

_PARAMETERS = {key: key.replace(".", "_") for key in TUNABLE}


def _settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each setting that may be changed."""
    for key in reversed(TUNABLE):
        flag = click.option(f"--{flag_name(key)}", _PARAMETERS[key], metavar="VALUE", help=KEYS[key].help)
        function = flag(function)
    return function


@click.command()
@click.argument("change")
@_settings
@click.option("--pause", is_flag=True, help="Begin no further batch until --resume.")
@click.option("--resume", is_flag=True, help="Go on.")
@click.option("--stop", is_flag=True, help="End the run after the batches under way: it exits with 130.")
@database
@common(formats=("text",))
def command(
    change: str, pause: bool, resume: bool, stop: bool, dsn: str, config: Config, console: Console, **flags: str | None
) -> None:
    """Change a backfill while it runs, from another terminal.

    What is set holds for this change until it is set otherwise, also for a run that begins later, and wins over the
    flags that apply was given. Without an option it shows what was set.

    \b
    Examples:
      zdmigrate tune 001_full_name --workers 4
      zdmigrate tune 001_full_name --max-rows-per-second 5000
      zdmigrate tune 001_full_name --pause
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.run.backfills.tuning import read_tuning, tune

    if pause and resume:
        raise UsageError("--pause and --resume at once", state="nothing was changed", hint="say one of them")
    settings = {key: text for key in TUNABLE if (text := flags[_PARAMETERS[key]]) is not None}
    for key, text in settings.items():
        read_key(key, text, f"--{flag_name(key)}")
    with open_ledger(dsn, "tune") as connection:
        _refuse_unknown(connection, config.app, change)
        if settings or pause or resume or stop:
            paused = True if pause else False if resume else None
            tuning = tune(connection, config.app, change, settings, paused=paused, stop=stop)
        else:
            tuning = read_tuning(connection, config.app, change)
    _show(console, change, tuning, stop=stop)


def _refuse_unknown(connection: Any, app: str, change: str) -> None:
    from zdmigrate.ledger.changes import read_changes
    from zdmigrate.nearest import did_you_mean

    known = read_changes(connection, app)
    if change not in known:
        raise UsageError(
            f"the ledger knows no change {change}", state="nothing was changed", hint=did_you_mean(change, list(known))
        )


def _show(console: Console, change: str, tuning: Tuning, *, stop: bool) -> None:
    set_to = ", ".join(f"{flag_name(key)} {text}" for key, text in tuning.settings.items())
    console.result(f"{change}: {set_to or 'nothing is set'}")
    if tuning.paused:
        console.result(f"paused by {tuning.paused}; go on with: zdmigrate tune {change} --resume")
    if stop:
        console.result("the run that is under way stops after its batches; zdmigrate apply --phase backfill goes on")
