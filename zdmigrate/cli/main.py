"""The ``zdmigrate`` command: finds the command's own file, runs it, and prints what went wrong."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from zdmigrate import __version__
from zdmigrate.errors import ZdmigrateError
from zdmigrate.redact import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order of a deploy, not of the alphabet; a command is listed once its file is there.
COMMANDS = {
    "lint": "Check change files for what breaks or blocks a running app.",
    "explain": "Say what a rule means, why, and what to do instead.",
    "rules": "List all rules.",
    "rewrite": "Turn an unsafe migration into a phased change.",
    "stats": "Print the sizes of all tables, for lint to reckon with.",
    "new": "Write an empty change file with its sections.",
    "plan": "Show what apply would do, and run nothing.",
    "alembic": "Set an Alembic project up.",
    "init": "Create the ledger in the database.",
    "apply": "Run what is due: expand, backfill, contract.",
    "gate": "Ask whether contracts that your own tool runs may run now.",
    "guard": "Watch an app's health while a rollout goes on.",
    "tune": "Change a backfill while it runs.",
    "revert": "Undo an expand.",
    "status": "Show changes by phase, live versions, and what each gate waits for.",
    "timeline": "Draw releases, phases and verdicts over time.",
    "log": "Show who did what, from the ledger's record.",
    "release": "Register releases, list them, bind changes to them.",
    "live": "Beat for an instance, list live versions, retire one.",
    "serve": "Serve probes, figures and a status page over HTTP.",
    "ready": "Readiness probe: may this release serve?",
    "demo": "Show the whole story on an embedded PostgreSQL.",
    "doctor": "Check connection, privileges, pooler, standbys and settings.",
}
BUG = 70  # sysexits.h EX_SOFTWARE: none of the exit codes that a pipeline acts on
INTERRUPTED = 130


class Commands(click.Group):
    """The commands by name; a command's module is imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        here = os.path.dirname(__file__)
        return [name for name in COMMANDS if os.path.isfile(os.path.join(here, f"{name}.py"))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"zdmigrate.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, from the table above: help must not import every command's libraries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)] or [("", "")])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from zdmigrate.nearest import did_you_mean

        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]}: {did_you_mean(args[0], known)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="zdmigrate", message="%(prog)s %(version)s")
def cli() -> None:
    """Zero-downtime schema migrations for PostgreSQL.

    \b
    Example:
      zdmigrate lint migrations/
    """


def main() -> None:
    """The console script."""
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal without UTF-8 gets \u2026, and not a traceback
        sys.stdout.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    # Else Python looks through every object for cycles, twice, only to let go of all of them: a sixth of a small lint.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Whatever is raised is printed here and nowhere else."""
    try:
        result = cli.main(list(arguments), prog_name="zdmigrate", standalone_mode=False)
    except ZdmigrateError as error:
        _tell(error.sentence, error.state, error.hint)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted", "what was committed stands", "run the same command again")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a bug becomes a sentence, and its traceback waits until asked for
        known = _of_the_database(error)
        if known is None:
            return _tell_bug(error)
        _tell(known.sentence, known.state, known.hint)
        return known.exit_code
    return result if isinstance(result, int) else 0


def _of_the_database(error: Exception) -> ZdmigrateError | None:
    """The sentence for an error of psycopg's that no room had one for; psycopg is not imported to find out."""
    psycopg = sys.modules.get("psycopg")
    if psycopg is None or not isinstance(error, psycopg.Error):
        return None
    from zdmigrate.cli.ledger_session import explain

    return explain(error)


def _tell(sentence: str, state: str = "", hint: str = "") -> None:
    colour = False if os.environ.get("NO_COLOR") else None  # None: where stderr is a terminal
    click.secho(redact(f"error: {sentence}"), err=True, fg="red", color=colour)
    if state:
        click.echo(redact(f"state: {state}"), err=True)
    if hint:
        click.echo(redact(f"next: {hint}"), err=True)


def _tell_bug(error: Exception) -> int:
    if os.environ.get("ZDMIGRATE_TRACEBACK"):
        import traceback

        click.echo(redact("".join(traceback.format_exception(error))), err=True)
    _tell(
        f"this is a bug in zdmigrate {__version__}: {type(error).__name__}: {error}",
        hint="run it again with ZDMIGRATE_TRACEBACK=1 and report what it prints",
    )
    return BUG


if __name__ == "__main__":
    main()
