"""``zdmigrate lint``: check change files for what breaks or blocks a running app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.lint_outputs import checkout, outputs, write
from zdmigrate.cli.options import Console, common, config_near
from zdmigrate.errors import UsageError
from zdmigrate.lint.adoption import advice, mostly_old
from zdmigrate.lint.project import joined, lint_project, projects
from zdmigrate.lint.rules import read_rules
from zdmigrate.report import View, formats, render
from zdmigrate.sources.detect import folder_to_lint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.config import Config
    from zdmigrate.lint.finding import LintResult
    from zdmigrate.lint.project import Outcome, Project


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--effects", is_flag=True, help="Show what each statement locks, rewrites and reads.")
@click.option("--down", is_flag=True, help="Lint what takes back, too: down and undo.")
@click.option("--output", "asked", multiple=True, metavar="[FORMAT:]FILE", help="Write a report to FILE as well.")
@click.option("--since", metavar="REF", help="Report on files only that are new or changed since REF, as git says.")
@click.option("--previous-release", metavar="REF", help="Look for what contracts drop in the code of that release.")
@click.option("--fix", is_flag=True, help="Write what is safe to mend into the new files; report on what is left.")
@click.option("--diff", is_flag=True, help="Print what --fix would write, and write nothing.")
@click.option(
    "--dsn",
    metavar="DSN",
    help="Ask this database how large its tables are, and what waits for a contract. Nothing is written.",
)
@click.option("--no-cache", is_flag=True, help="Lint anew what has not changed since the last run.")
@click.option("--write-baseline", is_flag=True, help="Write what is found into the file of --baseline.")
@common(
    "source",
    "source_section",
    "runner",
    "postgres",
    "contract_within",
    "lint.fail_on",
    "lint.baseline",
    "lint.statistics",
    "lint.small_table_rows",
    formats=formats(),
)
def command(
    paths: tuple[str, ...],
    effects: bool,
    down: bool,
    asked: tuple[str, ...],
    since: str | None,
    previous_release: str | None,
    dsn: str | None,
    write_baseline: bool,
    no_cache: bool,
    fix: bool,
    diff: bool,
    config: Config,
    console: Console,
) -> int:
    """Check change files for what breaks or blocks a running app.

    PATH is a folder, a file, or - for standard input; without one, the folder of change files, or where there is
    none, the Alembic project that this folder has. When single
    files are given, the other files of the folder that sort before them tell what the schema looks like.
    Each PATH has its nearest configuration. --output without FORMAT writes the FORMAT of --format, and the
    terminal gets text. Exit code: 0 clean, 1 findings at or above --fail-on, 2 unreadable input; with --diff,
    1 where --fix would write something. --fix leaves alone what the main branch has as it is: it may have run.

    \b
    Examples:
      zdmigrate lint
      zdmigrate lint migrations/ --postgres 16
      zdmigrate lint --since origin/main --format github --output sarif:lint.sarif
      zdmigrate lint --diff
      git show :migrations/007_rename.sql | zdmigrate lint -
    """
    to = outputs(asked, console.format)
    found = _sized(projects(paths or (folder_to_lint(config.dir),), config, config_near), dsn, console)
    _must_be_configured(found, write_baseline, previous_release)
    if fix or diff:
        from zdmigrate.cli import lint_fixes  # nobody else pays for it

        if diff:
            return lint_fixes.show(found, since, down, console)
        lint_fixes.fix(found, since, down, console)
    outcomes = [
        lint_project(
            project,
            since=since,
            effects=effects,
            down=down,
            write=write_baseline,
            cached=not no_cache,
            previous_release=previous_release,
        )
        for project in found
    ]
    result, view = joined([outcome.result for outcome in outcomes]), _view(found, effects)
    write(to.files, result, view)
    if to.terminal == "text" and not (since is not None or effects or console.verbose):
        view = _summarised(view, result, paths, found)
    _print(to.terminal, result, view._replace(colour=console.colour), console)
    return _told(found, outcomes, console)


def _sized(found: Sequence[Project], dsn: str | None, console: Console) -> Sequence[Project]:
    """The projects with what a file or the database says of their tables; overdue contracts are warned of."""
    if dsn is not None or any(project.config.lint.statistics for project in found):
        from zdmigrate.cli.lint_sizes import with_sizes

        found = with_sizes(found, dsn)
    if dsn is not None:
        from zdmigrate.cli.lint_overdue import warn_of_overdue

        warn_of_overdue(found, dsn, console)
    return found


def _must_be_configured(found: Sequence[Project], write_baseline: bool, previous_release: str | None) -> None:
    """UsageError for an option that asks for what no configuration names; before --fix writes anything."""
    if write_baseline and not all(project.config.lint.baseline for project in found):
        raise UsageError("--write-baseline needs a file", hint="name one with --baseline FILE")
    if previous_release is not None and not any(project.config.lint.usage for project in found):
        hint = 'write [lint] usage = ["app/**/*.py", "queries/**/*.sql"] into the configuration'
        raise UsageError(f"--previous-release {previous_release}: nothing says where the code is", hint=hint)


def _view(found: Sequence[Project], effects: bool) -> View:
    folders = dict.fromkeys(folder for project in found for folder in project.config.lint.rules)
    fail_on = found[0].config.lint.fail_on
    return View(effects=effects, fail_on=fail_on, root=checkout(), rules=lambda: read_rules(tuple(folders)))


def _summarised(view: View, result: LintResult, paths: Sequence[str], found: Sequence[Project]) -> View:
    """What is old counted by rule, for who lints whole folders and has no baseline yet."""
    whole = all(project.paths == (project.folder,) and not project.config.lint.baseline for project in found)
    old = mostly_old(result) if whole else None
    return view._replace(old=old.paths, advice=advice(old, paths)) if old else view


def _print(format: str, result: LintResult, view: View, console: Console) -> None:  # noqa: A002 - the option's name
    if result.findings or view.effects or format != "text" or not console.quiet:
        console.result(render(format, result, view))


def _told(found: Sequence[Project], outcomes: Sequence[Outcome], console: Console) -> int:
    """What is stale in a baseline, and the exit code: each project fails by its own configuration."""
    for note in dict.fromkeys(note for outcome in outcomes for note in outcome.result.notes):
        console.warn(note)
    for project, outcome in zip(found, outcomes, strict=True):
        if outcome.stale:
            names = ", ".join(f"{entry.rule} in {entry.path}" for entry in outcome.stale[:3])
            more = ", …" if len(outcome.stale) > 3 else ""
            console.warn(f"{project.config.lint.baseline}: nothing matches {names}{more} any more: write it anew")
    failed = [
        outcome.result.fails(project.config.lint.fail_on) for project, outcome in zip(found, outcomes, strict=True)
    ]
    return 1 if any(failed) else 0
