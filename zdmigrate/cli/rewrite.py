"""``zdmigrate rewrite``: an unsafe migration becomes a phased change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common
from zdmigrate.cli.rewrite_revision import revision_named, write_revision
from zdmigrate.errors import UsageError
from zdmigrate.sources.text import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.recipes.parts.furniture import Furniture
    from zdmigrate.recipes.parts.ground import Answers
    from zdmigrate.recipes.parts.merge import Rewritten
    from zdmigrate.sources.change import Change

_ALLOWED = ("twin-unique-upsert", "not-additive-in-expand")


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--in-place", is_flag=True, help="Write the change over FILE.")
@click.option("--output", metavar="FILE", help="Write the change there. [default: standard output]")
@click.option("--dsn", metavar="DSN", help="Read the schema from this database instead of from the files before FILE.")
@click.option("--as", "new_names", multiple=True, metavar="[COLUMN=]NAME", help="The name of a column of another type.")
@click.option("--up", multiple=True, metavar="[COLUMN=]EXPR", help="The new value as SQL over the old columns.")
@click.option("--down", multiple=True, metavar="[COLUMN=]EXPR", help="The old value as SQL over the new columns.")
@click.option("--fallback", multiple=True, metavar="[COLUMN=]VALUE", help="What old versions read where it has none.")
@click.option("--fill", multiple=True, metavar="[COLUMN=]VALUE", help="What stands where an old version writes NULL.")
@click.option("--allow", multiple=True, metavar="RULE=WHY", help="Why what a rule would find is right here.")
@common("source", "source_section", "postgres", formats=("text",))
def command(
    file: str,
    in_place: bool,
    output: str | None,
    dsn: str | None,
    new_names: tuple[str, ...],
    up: tuple[str, ...],
    down: tuple[str, ...],
    fallback: tuple[str, ...],
    fill: tuple[str, ...],
    allow: tuple[str, ...],
    config: Config,
    console: Console,
) -> None:
    """Turn an ordinary migration into a change file with expand, backfill, contract and revert.

    FILE has plain statements and no sections. What hangs on its tables is read from the files before it, as lint
    does, or with --dsn from the database, which knows it all and is not changed. What cannot be carried is refused,
    and nothing is written. An answer about one of several columns begins with its name: --as total=total_cents.

    FILE may be a revision of Alembic's, or its id: its file becomes the expand, and a new one the contract.

    \b
    Examples:
      zdmigrate rewrite migrations/007_rename.sql
      zdmigrate rewrite migrations/007_rename.sql --in-place --dsn postgresql://localhost/shop
      zdmigrate rewrite 4f1c --in-place
    """
    from zdmigrate.recipes.parts.printed import printed

    if in_place and output:
        raise UsageError("--in-place and --output say two different things", hint="leave one of them out")
    given = {"new_names": new_names, "up": up, "down": down, "fallback": fallback, "fill": fill}
    answers = _answers(given, allow, config)
    if revision := revision_named(file, config):
        if output:
            raise UsageError("--output names one file, and a revision becomes two", hint="--in-place writes both")
        change, phased = _phases(revision, dsn, answers, config)
        write_revision(change, phased, config, console, write_text if in_place else None)
        return
    text = printed(_phases(file, dsn, answers, config)[1])
    target = file if in_place else output
    if target is None:
        console.result(text.rstrip("\n"))
        return
    write_text(target, text)
    console.say(f"{target} is written: zdmigrate lint {target}")


def _answers(given: Mapping[str, Sequence[str]], allow: Sequence[str], config: Config) -> Answers:
    """What the options say, by column."""
    from zdmigrate.recipes.parts.ground import Answers

    answers = Answers(allow=dict(map(_allow, allow)), new_name=config.rewrite.new_name)
    return answers.changed(**{name: dict(map(_answer, values)) for name, values in given.items()})


def _answer(given: str) -> tuple[str, str]:
    """``column=value``; an expression may have an = of its own, behind something that is no name."""
    column, equals, value = given.partition("=")
    if equals and all(part.isidentifier() for part in column.split(".")):
        return column, value
    return "", given


def _allow(given: str) -> tuple[str, str]:
    rule, _, reason = given.partition("=")
    if rule not in _ALLOWED or not reason.strip() or "\n" in reason:
        rules = " or ".join(_ALLOWED)
        raise UsageError(f"--allow {given} is not understood", hint=f"--allow 'RULE=WHY', in one line; RULE is {rules}")
    return rule, reason.strip()


def _phases(file: str, dsn: str | None, answers: Answers, config: Config) -> tuple[Change, Rewritten]:
    from zdmigrate.recipes.parts.rewriting import furniture_of, phases

    *before, change = _with_history(file, config)
    if dsn is None:
        return change, phases(change, furniture_of(before), answers, config.postgres)
    furniture, major = _from_database(dsn, change)
    return change, phases(change, furniture, answers, major)


def _from_database(dsn: str, change: Change) -> tuple[Furniture, int]:
    """What the database has, in one snapshot of a transaction that cannot write; and its major version."""
    from zdmigrate.ledger.connection import connect
    from zdmigrate.recipes.parts.described import furniture_from
    from zdmigrate.recipes.parts.rewriting import names_in

    with connect(dsn, purpose="rewrite") as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        def rows(query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
            return connection.execute(query.encode(), values).fetchall()

        return furniture_from(rows, names_in(change)), connection.info.server_version // 10_000


def _with_history(file: str, config: Config) -> list[Change]:
    """The changes before the file in order, and the file's own."""
    from zdmigrate.sources.history import Source, read_history

    folder = config.dir if os.path.isdir(config.dir) else os.path.dirname(file) or os.curdir  # noqa: PTH112, PTH120
    changes = list(read_history((file,), folder, Source.of(config))[0])
    place = next(place for place, change in enumerate(changes) if change.path == file)
    return changes[: place + 1]
