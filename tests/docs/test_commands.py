"""Every command and every option is in the docs, with the words of its own help."""

from __future__ import annotations

import click
import pytest

from tests.docs.commands import commands, options, page
from tests.docs.markdown import DOCS, ROOT, blocks
from zdmigrate.cli.main import COMMANDS, cli

LISTED = list(commands())


def test_the_page_of_commands_is_what_the_commands_say_themselves() -> None:
    written = (DOCS / "commands.md").read_text("utf-8")

    assert written == page(), "write it anew with: python -m tests.docs.rewrite"


@pytest.mark.parametrize(("name", "command"), LISTED, ids=[name for name, _ in LISTED])
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert command.help
    assert f"zdmigrate {name.partition(' ')[0]}" in command.help.partition("\b")[2]


@pytest.mark.parametrize(("name", "command"), LISTED, ids=[name for name, _ in LISTED])
def test_every_option_has_help(name: str, command: click.Command) -> None:
    silent = [option.opts[-1] for option in options(command) if not option.help]

    assert not silent


def test_every_command_that_is_announced_is_there() -> None:
    assert cli.list_commands(click.Context(cli)) == list(COMMANDS)


PROSE = [
    "README.md",
    *(
        f"docs/{name}.md"
        for name in ("adopting", "change-file", "ci", "fixing", "gate", "own-rules", "reports", "running")
    ),
]


@pytest.mark.parametrize("name", PROSE)
def test_every_command_line_in_the_prose_is_one_that_exists(name: str) -> None:
    typed = [
        line.strip().partition("#")[0].split()
        for block in blocks(ROOT / name)
        for line in block.text.splitlines()
        if line.startswith("zdmigrate ")
    ]

    unknown = [" ".join(words) for words in typed if not _exists(words[1:])]

    assert not unknown


def _exists(words: list[str]) -> bool:
    """Whether the words name a command, and options that it has."""
    found = [command for name, command in LISTED if words[: name.count(" ") + 1] == name.split()]
    known = {name for command in found for option in options(command) for name in option.opts}
    return bool(found) and all(word in known for word in words if word.startswith("--"))
