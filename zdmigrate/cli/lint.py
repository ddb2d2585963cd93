"""``zdmigrate lint``: check change files for what breaks or blocks a running app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import Console, common
from zdmigrate.lint.engine import lint_changes
from zdmigrate.lint.rules import load_rules, read_rules
from zdmigrate.report import View, formats, render
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from zdmigrate.config import Config
    from zdmigrate.lint.finding import LintResult


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--effects", is_flag=True, help="Show what each statement locks, rewrites and reads.")
@click.option("--down", is_flag=True, help="Lint what takes back, too: down and undo.")
@common("source", "postgres", "lint.fail_on", formats=formats())
def command(paths: tuple[str, ...], effects: bool, down: bool, config: Config, console: Console) -> int:
    """Check change files for what breaks or blocks a running app.

    PATH is a folder, a file, or - for standard input; without one, the folder of change files. When single
    files are given, the other files of the folder that sort before them tell what the schema looks like.
    Exit code: 0 clean, 1 findings at or above --fail-on, 2 unreadable input.

    \b
    Examples:
      zdmigrate lint
      zdmigrate lint migrations/ --postgres 16
      git show :migrations/007_rename.sql | zdmigrate lint -
    """
    source = Source(tool=config.source, command=config.source_command, down=down)
    changes, reported = read_history(paths or (config.dir,), config.dir, source)
    result = lint_changes(changes, config, load_rules(config.lint.rules), reported=reported, effects=effects)
    view = View(
        colour=console.colour,
        effects=effects,
        fail_on=config.lint.fail_on,
        rules=lambda: read_rules(config.lint.rules),
    )
    _print(result, view, console)
    return 1 if result.fails(config.lint.fail_on) else 0


def _print(result: LintResult, view: View, console: Console) -> None:
    if result.findings or view.effects or console.format != "text" or not console.quiet:
        console.result(render(console.format, result, view))
