"""The options that commands share, turned into a Config, a Console and a DSN."""

from __future__ import annotations

import functools
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from zdmigrate.config import load
from zdmigrate.config_keys import KEYS, flag_name
from zdmigrate.errors import ZdmigrateError
from zdmigrate.redact import redact
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.config import Config

    Command = Callable[..., Any]


class Console(Value):
    """Where a command writes: results to stdout, everything about the run to stderr."""

    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    log: str = "text"  # how what happens is told: in sentences, or as JSON, an event a line

    @property
    def is_json(self) -> bool:
        return self.format == "json"

    @property
    def colour(self) -> bool:
        """Whether stdout is a terminal whose owner has not asked for plain text (https://no-color.org)."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def result(self, text: str) -> None:
        """What was asked for, printed even when quiet; unchanged, for it may be SQL that sets a password column."""
        click.echo(text)

    def json(self, value: object) -> None:
        import json

        click.echo(json.dumps(value, indent=2, ensure_ascii=False))

    def say(self, text: str) -> None:
        """What happens; not when quiet. Beside a result for programs it goes to stderr, so that stdout stays theirs."""
        if self.log == "json":
            self.event("note", message=text)
        elif not self.quiet:
            click.echo(redact(text), err=self.format != "text")

    def detail(self, text: str) -> None:
        if self.verbose:
            click.echo(redact(text), err=True)

    def warn(self, text: str) -> None:
        if self.log == "json":
            self.event("note", "warning", message=text)
        else:
            click.secho(redact(f"warning: {text}"), err=True, fg="yellow")

    def event(self, event: str, level: str = "info", **fields: object) -> None:
        """One line of JSON to stderr; when quiet, warnings and errors only. ``fields`` without a value are left out."""
        if self.quiet and level == "info":
            return
        import json
        from datetime import UTC, datetime

        head = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "event": event}
        told = {name: value for name, value in fields.items() if value is not None}
        click.echo(json.dumps({"version": 1, **head, **_redacted(told)}, ensure_ascii=False), err=True)


def _redacted(value: Any) -> Any:
    """Before it is JSON: a password's end is not told from a string's afterwards."""
    if isinstance(value, dict):
        return {name: _redacted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner) for inner in value]
    return redact(value) if isinstance(value, str) else value


def common(*keys: str, formats: tuple[str, ...] = ("text", "json"), logs: bool = False) -> Callable[[Command], Command]:
    """The options of every command, and flags for further keys of the configuration that this one reads.

    The command is called with ``config`` and ``console``. ``logs`` adds ``--log-format``.
    """
    settings = ("app", "dir", *keys)

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def command(config: str | None, quiet: bool, verbose: bool, format: str = "text", **values: Any) -> Any:  # noqa: A002
            flags = {key: values.pop(_parameter(key)) for key in settings}
            console = Console(format=format, quiet=quiet, verbose=verbose, log=values.pop("log_format", "text"))
            with _told_as_event(console):
                return function(config=load(os.curdir, flags, path=config), console=console, **values)

        decorated: Command = command
        for option in reversed([*map(_setting, settings), *_output(formats, logs=logs)]):
            decorated = option(decorated)
        return decorated

    return decorate


@contextmanager
def _told_as_event(console: Console) -> Iterator[None]:
    """Where what happens is JSON, so is the error that ends it."""
    try:
        yield
    except ZdmigrateError as error:
        if console.log != "json":
            raise
        told = {"state": error.state or None, "next": error.hint or None, "exit_code": error.exit_code}
        console.event("error", "error", message=error.sentence, **told)
        raise click.exceptions.Exit(error.exit_code) from None


def config_near(folder: str) -> Config:
    """The configuration nearest to a folder, with the flags of the command line that is running."""
    given = click.get_current_context().params
    flags = {key: given[_parameter(key)] for key in KEYS if _parameter(key) in given}
    return load(folder, flags, path=given["config"], seen_from=os.curdir)


def database(function: Command) -> Command:
    """``--dsn``; the command is called with ``dsn``, empty where libpq's own variables shall decide."""

    @functools.wraps(function)
    def command(dsn: str | None, **values: Any) -> Any:
        return function(dsn=dsn or os.environ.get("ZDMIGRATE_DSN", ""), **values)

    return click.option(
        "--dsn", metavar="DSN", help="The database. [default: ZDMIGRATE_DSN, then libpq's own variables]"
    )(command)


def _setting(key: str) -> Callable[[Command], Command]:
    return click.option(f"--{flag_name(key)}", _parameter(key), metavar="VALUE", help=KEYS[key].help)


def _parameter(key: str) -> str:
    """A name that no command's own parameter has: ``--format`` and ``--postgres`` are words of other tools, too."""
    return f"setting_{key.replace('.', '_')}"


def _output(formats: tuple[str, ...], *, logs: bool) -> list[Callable[[Command], Command]]:
    path = click.Path(exists=True, dir_okay=False)
    options: list[Callable[[Command], Command]] = [
        click.option("--config", type=path, help="The configuration file. [default: found upward]"),
        click.option("-q", "--quiet", is_flag=True, help="Print results and errors only."),
        click.option("-v", "--verbose", is_flag=True, help="Print what is looked at, too."),
    ]
    if len(formats) > 1:
        choice = click.Choice(formats)
        options.insert(1, click.option("--format", type=choice, default=formats[0], show_default=True, help="Output."))
    if logs:
        choice, told = (
            click.Choice(("text", "json")),
            "What happens, as sentences or as JSON on stderr, an event a line.",
        )
        given: dict[str, Any] = {"default": "text", "show_default": True, "envvar": "ZDMIGRATE_LOG_FORMAT"}
        options.append(click.option("--log-format", type=choice, help=told, **given))
    return options
