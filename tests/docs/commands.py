"""docs/commands.md as it would read now: every command, with its help, its options and their defaults."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import click

from zdmigrate.cli.main import COMMANDS, cli
from zdmigrate.config_keys import KEYS, flag_name

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """<!-- Written by python -m tests.docs.rewrite from the commands' own help; edit that. -->
# Commands

`zdmigrate COMMAND --help` prints the same. What went wrong goes to stderr, what was asked for to stdout.
Exit codes are explained in [Running](running.md#exit-codes), keys in [Configuration](configuration.md).

Options that most commands share stand here once:
"""
SHARED = ("--dsn", "--app", "--dir", "--config", "--format", "--quiet", "--verbose")
FORMATS = ("text", "json")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its whole name, groups' own commands included, in the order of help."""
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", command.commands[inner]) for inner in command.commands)
        else:
            yield name, command


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def page() -> str:
    """The whole page."""
    listed = list(commands())
    parts = [HEAD + "\n" + _table(_shared(listed))]
    groups: set[str] = set()
    for name, command in listed:
        group, _, inner = name.partition(" ")
        if inner and group not in groups:
            groups.add(group)
            parts.append(f"## {group}\n\n{COMMANDS[group]}")
        parts.append("\n\n".join(_told(name, command)))
    return "\n\n".join(parts) + "\n"


def _shared(listed: list[tuple[str, click.Command]]) -> list[click.Option]:
    by_name = {option.opts[-1]: option for _, command in listed for option in options(command) if _is_shared(option)}
    return [by_name[name] for name in SHARED]


def _is_shared(option: click.Option) -> bool:
    """By its name; a --format of more than text and JSON is the command's own, and so is a --dsn without a default."""
    if option.opts[-1] == "--dsn" and "[default:" not in (option.help or ""):
        return False
    return option.opts[-1] in SHARED and getattr(option.type, "choices", FORMATS) in (FORMATS, list(FORMATS))


def _told(name: str, command: click.Command) -> Iterator[str]:
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    usage = " ".join([name, *(argument.make_metavar(click.Context(command)) for argument in arguments)])
    yield f"{'###' if ' ' in name else '##'} {name}"
    text, example = _help(command)
    yield text
    yield f"```\nzdmigrate {usage} [OPTIONS]\n```"
    if own := [option for option in options(command) if not _is_shared(option)]:
        yield _table(own)
    if shared := [option.opts[-1] for option in options(command) if _is_shared(option)]:
        yield f"Also: {', '.join(f'`{option}`' for option in shared)}."
    if example:
        yield f"```\n{example}\n```"


def _help(command: click.Command) -> tuple[str, str]:
    """The help's prose, and its examples."""
    text, _, rest = inspect.cleandoc(command.help or "").partition("\b\n")
    examples = re.sub(r"^Examples?:\n", "", rest)
    return text.strip(), inspect.cleandoc(examples)


def _table(rows: list[click.Option]) -> str:
    lines = ["| option | meaning | default |", "|---|---|---|"]
    return "\n".join([*lines, *(_row(option) for option in rows)])


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" `{_metavar(option)}`"
    told, _, known = (option.help or "").partition(" [default: ")
    return " ".join(f"| {names}{value} | {told} | {known.rstrip(']') or _default(option)} |".split("  "))


def _default(option: click.Option) -> str:
    if option.required:
        return "required"
    if option.show_default:
        return f"`{option.default}`"
    is_setting = (option.name or "").startswith("setting_")  # init's own --baseline is another thing
    keys = [key for key in KEYS if is_setting and f"--{flag_name(key)}" == option.opts[-1]]
    return f"the configuration's `{keys[0]}`" if keys else ""


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(option.type.choices)
    return option.metavar or option.type.name.upper()
