"""``zdmigrate alembic``: set an Alembic project up."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common
from zdmigrate.errors import UsageError
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.sources.alembic_setup import Rewritten


@click.group()
def command() -> None:
    """Set an Alembic project up.

    \b
    Example:
      zdmigrate alembic init
    """


@command.command(short_help="Write what an Alembic project needs, after a look at the difference.")
@click.option("--branches", is_flag=True, help="Begin two branches, expand and contract, with a folder each.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@common(formats=("text",))
def init(branches: bool, yes: bool, config: Config, console: Console) -> None:
    """Show what would be written, and write it when that is wanted: lines in env.py, the template, the configuration.

    What is there already is left alone, so that it may be run again.

    \b
    Examples:
      zdmigrate alembic init
      zdmigrate alembic init --branches --yes
    """
    from zdmigrate.sources.alembic_setup import setup
    from zdmigrate.sources.detect import folder_to_lint
    from zdmigrate.sources.tools.alembic import is_shape_of
    from zdmigrate.sources.tree import Tree

    folder = folder_to_lint(config.dir)
    if not (os.path.isdir(folder) and is_shape_of(Tree(folder))):  # noqa: PTH112 - a name, and no path yet
        raise UsageError("there is no Alembic project here", hint="run it where alembic.ini is, or name it with --dir")
    files = setup(folder, config, branches=branches)
    if not files:
        console.say("everything is there already")
        return
    for line in difference(files):
        console.result(line)
    if not (yes or (sys.stdin.isatty() and click.confirm(f"Write {counted(len(files), 'file')}?"))):
        console.say("nothing was written; --yes writes it")
        return
    for file in files:
        Path(file.path).parent.mkdir(parents=True, exist_ok=True)
        Path(file.path).write_text(file.after, encoding="utf-8")
    console.say(f"{counted(len(files), 'file')} written")
    console.say("next: zdmigrate init --release VERSION --baseline, on each database that Alembic has migrated")


def difference(files: Sequence[Rewritten]) -> Iterator[str]:
    """As ``diff -u`` prints it."""
    for file in files:
        path = os.path.relpath(file.path)
        before, after = file.before.splitlines(), file.after.splitlines()
        yield from difflib.unified_diff(before, after, path if file.before else os.devnull, path, lineterm="")
