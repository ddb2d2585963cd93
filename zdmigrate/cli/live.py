"""``zdmigrate live``: beat for an instance, list live versions, retire one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.release_name import release_name, release_option
from zdmigrate.cli.seconds import seconds

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.group()
def command() -> None:
    """Beat for an instance, list live versions, retire one.

    \b
    Example:
      zdmigrate live list
    """


@command.command(short_help="Beat for an instance, as a sidecar or around its command.")
@release_option
@click.option("--instance", required=True, metavar="NAME", help="What tells this instance from the others.")
@click.option("--every", default="10s", show_default=True, callback=seconds, metavar="TIME", help="How often to beat.")
@click.argument("wrapped", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
@database
@common(formats=("text",))
def beat(
    release: str | None,
    instance: str,
    every: float,
    wrapped: tuple[str, ...],
    dsn: str,
    config: Config,
    console: Console,
) -> int:
    """Beat for an instance that does not beat itself: as a sidecar until SIGTERM, or for as long as COMMAND runs.

    Survives outages of the database. Exit code: 0 after SIGTERM and a goodbye, 1 when the release is retired; around a
    COMMAND, which gets the signals, its own.

    \b
    Examples:
      zdmigrate live beat --release 7.2 --instance "$HOSTNAME" --every 10s
      zdmigrate live beat --release 7.2 --instance "$HOSTNAME" -- gunicorn shop:app
    """
    from zdmigrate.cli.beating import keep_beating
    from zdmigrate.cli.wrapping import beat_while
    from zdmigrate.sdk import Heartbeat

    heartbeat = Heartbeat(dsn, config.app, release_name(release, console), instance, every=every)
    return beat_while(heartbeat, wrapped, console) if wrapped else keep_beating(heartbeat, console)


@command.command(name="list", short_help="List versions and instances that may hold a gate.")
@database
@common("gate.rollback_window", "gate.lost_window", "gate.heartbeat_ttl")
def list_(dsn: str, config: Config, console: Console) -> None:
    """List the versions that were seen lately, whether each holds a gate and why; then their instances.

    \b
    Example:
      zdmigrate live list --format json
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.cli.live_table import as_json, render, render_versions, versions_as_json
    from zdmigrate.ledger.ledger import one
    from zdmigrate.live.instances import list_instances, retired_versions
    from zdmigrate.live.observe import observe
    from zdmigrate.live.tally import tallies

    with open_ledger(dsn, "live list") as connection:
        answers = observe(connection, config)
        seen = list_instances(connection, config)
        retired = retired_versions(connection, config.app, {each.version for each in seen})
        counted = tallies(connection, config, seen)
        (now,) = one(connection, "SELECT pg_catalog.clock_timestamp()")
    for answer in answers:
        if answer.failure is not None:
            console.warn(f"the source {answer.source.name} does not answer: {answer.failure}")
    if console.is_json:
        console.json(as_json(config.app, seen, retired) | {"versions": versions_as_json(counted, retired)})
        return
    if counted:
        console.result(render_versions(counted, now, retired) + "\n")
    console.result(render(config.app, seen, retired))


@command.command(short_help="Say what has to happen so that a version holds no gate.")
@click.argument("version")
@database
@common("gate.rollback_window", "gate.lost_window", "gate.heartbeat_ttl")
def explain(version: str, dsn: str, config: Config, console: Console) -> None:
    """Say which contracts VERSION holds, and what has to happen, instance by instance, so that it stops.

    \b
    Example:
      zdmigrate live explain 7.1
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.cli.live_explain import as_json, render
    from zdmigrate.live.instances import list_instances
    from zdmigrate.live.observe import observe
    from zdmigrate.live.tally import tallies

    with open_ledger(dsn, "live explain") as connection:
        observe(connection, config)
        seen = [one for one in list_instances(connection, config) if one.version == version]
        counted = next(iter(tallies(connection, config, seen)), None)
    if console.is_json:
        console.json(as_json(config, version, counted, seen))
    else:
        console.result("\n".join(render(config, version, counted, seen)))


@command.command(short_help="Show live versions, and each change of them.")
@click.option("--every", default="2s", show_default=True, callback=seconds, metavar="TIME", help="How often to look.")
@database
@common("gate.heartbeat_ttl", formats=("text",))
def watch(every: float, dsn: str, config: Config, console: Console) -> None:
    """Show the live versions, then each change of them, until interrupted.

    \b
    Example:
      zdmigrate live watch --every 5s
    """
    from zdmigrate.cli.watching import keep_watching

    keep_watching(dsn, config, console, every)


@command.command(short_help="Say that a version, or an instance, is gone.")
@click.argument("version")
@click.option("--instance", metavar="NAME", help="Only this instance of it.")
@click.option("--reason", required=True, metavar="TEXT", help="Why you know that it is gone; it is recorded.")
@database
@common("gate.heartbeat_ttl", formats=("text",))
def retire(version: str, instance: str | None, reason: str, dsn: str, config: Config, console: Console) -> None:
    """Say that VERSION is gone: what is silent of it, or could start, holds the gate no longer.

    Where an app is scaled to zero, your word for each old release is the evidence that the gate asks for. Refused
    (exit code 3) while an instance runs.

    \b
    Example:
      zdmigrate live retire 7.1 --instance web-3 --reason "its host burned down"
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.live.instances import retire_lost

    with open_ledger(dsn, "live retire") as connection:
        gone = retire_lost(connection, config, version, instance, reason)
    console.say(f"gone: {', '.join(gone)}" if gone else f"every instance of {version} had left already")
