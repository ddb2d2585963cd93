"""``zdmigrate ready``: the readiness probe of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.release_name import release_name, release_option
from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config


class CannotSay(DatabaseError):
    """The database does not answer, which is neither yes nor no."""

    exit_code: ClassVar[int] = 4


@click.command()
@release_option
@database
@common(formats=("text",))
def command(release: str | None, dsn: str, config: Config, console: Console) -> int:
    """Readiness probe: may this release serve?

    Use it as start-up probe or init container. Later only the answer "retired" should stop traffic.
    Exit code: 0 ready, 1 no (the answer says why), 2 usage, privilege or no ledger, 4 cannot say.

    \b
    Example:
      zdmigrate ready --release 7.2
    """
    version = release_name(release, console)
    answer = _ask(dsn, config.app, version)
    console.result(f"{config.app} {version}: {answer}")
    if answer != "ready":
        console.say(_why(config.app, version, answer))
    return 0 if answer == "ready" else 1


def _ask(dsn: str, app: str, version: str) -> str:
    import psycopg

    from zdmigrate.cli.ledger_session import explain
    from zdmigrate.sdk import ready

    try:
        return ready(dsn, app, version)
    except psycopg.OperationalError as error:
        said = explain(error)
        raise CannotSay(said.sentence, state="a running instance keeps its last answer", hint=said.hint) from None
    except psycopg.Error as error:
        raise explain(error) from None


def _why(app: str, version: str, answer: str) -> str:
    if answer == "retired":
        return f"A contract has begun that {app} {version} does not know, or that version was never registered."
    if answer == "unknown release":
        return f"next: zdmigrate release add {version} (apply --phase expand does it, too)"
    return "next: zdmigrate apply --phase expand (--again if it was reverted); zdmigrate status shows how far it is"
