"""zdmigrate init: create the ledger in a database, and say what is there already."""

from __future__ import annotations

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
    from zdmigrate.schema.names import Name
    from zdmigrate.sources.change import Change

ALEMBICS = ""  # --baseline without a change


@click.command()
@click.option("--release", metavar="VERSION", help="The version that runs today.")
@click.option(
    "--baseline",
    metavar="[CHANGE]",
    is_flag=False,
    flag_value=ALEMBICS,
    help="The changes up to this one are in the database already; without it, those that Alembic's table says.",
)
@click.option("--adopt", is_flag=True, help="Take over the ledger of a restored or upgraded server.")
@click.option("--upgrade", is_flag=True, help="Bring the ledger of an older zdmigrate to this one's version.")
@click.option("--roles", is_flag=True, help="Create the roles APP_owner, APP_app and APP_reader, too.")
@click.option("--reason", help="Why, with --adopt; it is recorded.")
@database
@common("source_section", formats=("text",))
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
    changes = _changes(config, baseline)
    with connect(dsn, purpose="init") as connection:
        refuse_transaction_pooler(connection, dsn)
        known = _known(connection, changes, baseline)
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
    from zdmigrate.sources.revisions import is_there

    console.say(
        f"release {release} of {config.app} is registered, with {counted(len(known), 'change')} in the database already"
    )
    if not named and is_there(config) and (found := changes_of(config)):
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


def _changes(config: Config, baseline: str | None) -> Sequence[Change]:
    from zdmigrate.sources.revisions import is_there

    if baseline is None:
        return ()
    if not is_there(config):
        what = f"to find {baseline} in" if baseline else "of changes, nor Alembic's revisions"
        raise UsageError(f"there is no folder {config.dir} {what}", hint="--dir names the folder")
    return changes_of(config)


def _known(connection: Connection, changes: Sequence[Change], baseline: str | None) -> list[str]:
    """What is in the database already: all up to the change that was named, or what Alembic's table says."""
    if not changes or baseline is None:
        return []
    if changes[0].revision is not None:
        return _known_to_alembic(connection, changes, changes[0].revision.version_table, baseline)
    if baseline == ALEMBICS:
        raise UsageError("--baseline needs a change: only Alembic keeps itself what was run", hint="--baseline CHANGE")
    last = change_named(changes, baseline)
    return [change.id for change in changes[: changes.index(last) + 1]]


def _known_to_alembic(connection: Connection, changes: Sequence[Change], table: Name, baseline: str) -> list[str]:
    from zdmigrate.run.stamp import applied_by, heads_in

    heads = heads_in(connection, table)
    if heads is None:
        raise UsageError(
            f"Alembic's table {table} is not in this database, so it does not say what was run",
            state="nothing was changed",
            hint="leave --baseline out where nothing was; else: alembic stamp REVISION, then this command again",
        )
    applied = applied_by(heads, changes)
    if baseline and change_named(changes, baseline).id not in applied:
        raise UsageError(
            f"Alembic's table {table} says that {baseline} is not in this database",
            state="nothing was changed",
            hint="alembic current shows what is; --baseline alone takes that",
        )
    return [change.id for change in changes if change.id in applied]
