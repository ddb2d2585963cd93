"""zdmigrate init: create the ledger in a database, and say what is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.target import change_named, changes_of
from zdmigrate.errors import UsageError
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection


@click.command()
@click.option("--release", metavar="VERSION", help="The version that runs today.")
@click.option("--baseline", metavar="CHANGE", help="The changes up to this one are in the database already.")
@click.option("--adopt", is_flag=True, help="Take over the ledger of a restored or upgraded server.")
@click.option("--upgrade", is_flag=True, help="Bring the ledger of an older zdmigrate to this one's version.")
@click.option("--roles", is_flag=True, help="Create the roles APP_owner, APP_app and APP_reader, too.")
@click.option("--reason", help="Why, with --adopt; it is recorded.")
@database
@common(formats=("text",))
def command(
    config: Config,
    console: Console,
    dsn: str,
    release: str | None,
    baseline: str | None,
    adopt: bool,
    upgrade: bool,
    roles: bool,
    reason: str | None,
) -> None:
    """Create the ledger: the tables in schema zdmigrate of the target database.

    \b
    Examples:
      zdmigrate init --release 7.1 --baseline 042_orders
      zdmigrate init --release 1.0
      zdmigrate init --release 1.0 --roles
      zdmigrate init --upgrade
    """
    if upgrade:
        _upgrade(console, dsn)
        return
    if release is None:
        raise UsageError("init needs --release: the version that runs today", hint="zdmigrate init --release 7.1")
    from zdmigrate.ledger.changes import baseline as note_baseline
    from zdmigrate.ledger.connection import connect
    from zdmigrate.live.registry import check_release_name, correct_empty_release, register_release
    from zdmigrate.run.pooler import refuse_transaction_pooler

    if adopt and not reason:
        raise UsageError("--adopt needs --reason: it is recorded", hint='--reason "restored from the backup of Monday"')
    check_release_name(release)
    known = _up_to(config, baseline)
    with connect(dsn, purpose="init") as connection:
        refuse_transaction_pooler(connection, dsn)
        console.say(_made(connection, config, adopt=reason if adopt else None, roles=roles))
        with connection.transaction():
            note_baseline(connection, config.app, known)
            correct_empty_release(connection, config.app, release, known)
            register_release(connection, config.app, release, known)
    _tell(console, config, release, known, named=baseline is not None)


def _made(connection: Connection, config: Config, *, adopt: str | None, roles: bool) -> str:
    """Create the ledger, or take over the one that is there; what was done."""
    from zdmigrate.ledger.adopt import adopt_ledger
    from zdmigrate.ledger.connection import where
    from zdmigrate.ledger.ledger import create_ledger
    from zdmigrate.ledger.roles import create_with_roles

    place = where(connection)
    if adopt is not None:
        adopt_ledger(connection, adopt)
        return f"the ledger in {place} is adopted; live instances are forgotten"
    if roles:
        made = create_with_roles(connection, config.app)
        return f"the ledger is in {place}, schema zdmigrate; its roles are {', '.join(made)}"
    if create_ledger(connection):
        return f"the ledger is in {place}, schema zdmigrate"
    return f"the ledger was in {place} already"


def _tell(console: Console, config: Config, release: str, known: Sequence[str], *, named: bool) -> None:
    """What is registered, and what comes next; ``named`` where the user said what is in the database already."""
    console.say(
        f"release {release} of {config.app} is registered, with {counted(len(known), 'change')} in the database already"
    )
    if not named and Path(config.dir).is_dir() and (found := changes_of(config)):
        console.warn(
            f"{config.dir} holds {counted(len(found), 'change')}; are some in this database already? Then name the "
            f"last of them: zdmigrate init --release {release} --baseline {found[-1].id}"
        )
    console.say("next: let instances beat (zdmigrate live beat --help); add a change: zdmigrate new")


def _upgrade(console: Console, dsn: str) -> None:
    from zdmigrate.ledger.ledger import VERSION
    from zdmigrate.run.upgrading import upgrade

    before = upgrade(dsn)
    told = f"is brought from version {before} to {VERSION}" if before != VERSION else f"has version {VERSION} already"
    console.say(f"the ledger {told}")


def _up_to(config: Config, baseline: str | None) -> list[str]:
    if baseline is None:
        return []
    if not Path(config.dir).is_dir():
        raise UsageError(f"there is no folder {config.dir} to find {baseline} in", hint="--dir names the folder")
    changes = changes_of(config)
    last = change_named(changes, baseline)
    return [change.id for change in changes[: changes.index(last) + 1]]
