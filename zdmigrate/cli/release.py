"""``zdmigrate release``: register releases, list them, bind changes to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from zdmigrate.cli.options import common, database
from zdmigrate.words import counted

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


@click.group()
def command() -> None:
    """Register releases, list them, bind changes to them.

    \b
    Example:
      zdmigrate release add 7.2
    """


@command.command(short_help="Register a release with the changes of the folder.")
@click.argument("version")
@click.option(
    "--changes-from", type=click.File(), metavar="FILE", help="The ids of its changes, one a line; - for stdin."
)
@database
@common("source_section", formats=("text",))
def add(version: str, changes_from: TextIO | None, dsn: str, config: Config, console: Console) -> None:
    """Register VERSION with the changes of the folder, or of a list: what it was built with.

    Registering the same again changes nothing; the same name with other changes is refused.

    \b
    Examples:
      zdmigrate release add 7.2
      zdmigrate release add 7.2 --changes-from gated-changes.txt
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.live.registry import read_release, register_release
    from zdmigrate.sources.revisions import changes_to_run

    if changes_from:
        changes = [line.strip() for line in changes_from if line.strip() and not line.startswith("#")]
    else:
        changes = [change.id for change in changes_to_run(config)]
    with open_ledger(dsn, "release add") as connection:
        registered = register_release(connection, config.app, version, changes)
        release = read_release(connection, config.app, version)
    done = "registered" if registered.new else "was registered before"
    console.say(f"release {version} of {config.app} {done}, with {counted(len(changes), 'change')}")
    if release and release.retired:
        console.warn(f"{version} is retired: a contract has begun that it was built without; it must not serve")


@command.command(name="list")
@database
@common()
def list_(dsn: str, config: Config, console: Console) -> None:
    """List the releases, in the order of registration.

    \b
    Example:
      zdmigrate release list
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.cli.release_table import as_json, render
    from zdmigrate.live.registry import list_releases

    with open_ledger(dsn, "release list") as connection:
        releases = list_releases(connection, config.app)
    if console.is_json:
        console.json(as_json(config.app, releases))
    else:
        console.result(render(config.app, releases))


@command.command(short_help="Bind a change to a later release.")
@click.argument("change")
@click.option("--release", required=True, metavar="VERSION", help="The release that lets go of the old side.")
@database
@common(formats=("text",))
def bind(change: str, release: str, dsn: str, config: Config, console: Console) -> None:
    """Bind CHANGE to a later release, for code that lets go of the old side later than the file came.

    \b
    Example:
      zdmigrate release bind 004_full_name --release 7.4
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.live.registry import bind_change

    with open_ledger(dsn, "release bind") as connection:
        bind_change(connection, config.app, change, release)
    console.say(f"{change} is bound to {release}: its contract waits for a release after that")


@command.command(short_help="Print what may still be deployed.")
@database
@common()
def floor(dsn: str, config: Config, console: Console) -> int:
    """Print the releases that may still be deployed, a line each, the oldest first: for a rollback's pipeline.

    No contract has begun that they were built without. Exit code 1 if there is none.

    \b
    Example:
      zdmigrate release floor | grep -qx 7.1
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.live.registry import list_releases

    with open_ledger(dsn, "release floor") as connection:
        left = [release.version for release in list_releases(connection, config.app) if not release.retired]
    if console.is_json:
        console.json({"version": 1, "app": config.app, "floor": left[0] if left else None, "releases": left})
    else:
        for version in left:
            console.result(version)
    return 0 if left else 1


@command.command(short_help="Take out a release that was registered by mistake.")
@click.argument("version")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is recorded.")
@database
@common()
def remove(version: str, reason: str, dsn: str, config: Config, console: Console) -> None:
    """Take out VERSION, which was registered by mistake. Refused where anything hangs on it.

    \b
    Example:
      zdmigrate release remove 72 --reason "a typo of 7.2"
    """
    from zdmigrate.cli.ledger_session import open_ledger
    from zdmigrate.live.registry import remove_release

    with open_ledger(dsn, "release remove") as connection:
        remove_release(connection, config.app, version, reason)
    if console.is_json:
        console.json({"version": 1, "app": config.app, "removed": version, "reason": reason})
    else:
        console.say(f"release {version} of {config.app} is registered no longer")
