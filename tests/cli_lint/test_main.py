"""The one place that prints errors: sentence, state, next command, exit code, and never a password or traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

import zdmigrate
from tests.cli_lint.command import zdmigrate as command
from zdmigrate.cli import main
from zdmigrate.errors import (
    ConfigError,
    DatabaseError,
    InputError,
    Interrupted,
    NotLocked,
    NotYet,
    StepFailed,
    UsageError,
    ZdmigrateError,
)

if TYPE_CHECKING:
    from pathlib import Path


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def lint() -> None:
        raise error

    monkeypatch.setattr(main.Commands, "get_command", lambda *_: lint)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (UsageError, 2),
        (ConfigError, 2),
        (InputError, 2),
        (DatabaseError, 2),
        (NotYet, 3),
        (StepFailed, 4),
        (NotLocked, 5),
        (Interrupted, 130),
    ],
)
def test_an_error_is_told_with_its_state_its_next_command_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, kind: type[ZdmigrateError], code: int
) -> None:
    raising(monkeypatch, kind("the gate is shut", state="nothing has changed", hint="zdmigrate status"))
    told = command("lint")
    assert told == (code, "", "error: the gate is shut\nstate: nothing has changed\nnext: zdmigrate status\n")


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    told = command("lint")
    assert told.code == 130
    assert "Traceback" not in told.err


def test_a_bug_is_told_without_a_traceback_and_says_how_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ValueError("no such thing at postgresql://app:s3cret@db/shop"))
    told = command("lint")
    assert told.code == 70
    assert "ValueError: no such thing at postgresql://app:***@db/shop" in told.err
    assert "ZDMIGRATE_TRACEBACK=1" in told.err
    assert "Traceback" not in told.err


def test_a_bugs_traceback_is_there_when_asked_for_and_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDMIGRATE_TRACEBACK", "1")
    raising(monkeypatch, ValueError("host=db password=s3cret"))
    told = command("lint")
    assert "Traceback" in told.err
    assert "s3cret" not in told.err


def test_a_terminal_without_utf_8_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "001.sql").write_text('ALTER TABLE users DROP COLUMN "数";', "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "zdmigrate.cli.main", "lint", str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert ran.returncode == 1
    assert 'users."\\u6570"' in ran.stdout


def test_the_version_is_told() -> None:
    assert command("--version") == (0, f"zdmigrate {zdmigrate.__version__}\n", "")


def test_an_unknown_command_is_told_the_nearest() -> None:
    told = command("lnt")
    assert told.code == 2
    assert "no command lnt: did you mean lint?" in told.err


def test_an_unknown_option_exits_with_2() -> None:
    assert command("lint", "--no-such-option").code == 2


def test_help_lists_the_commands_whose_files_are_there_without_importing_them() -> None:
    told = command("--help")
    assert told.code == 0
    assert [word for word in main.COMMANDS if f"\n  {word} " in told.out] == main.cli.list_commands(
        click.Context(main.cli)
    )


@pytest.mark.parametrize("name", main.cli.list_commands(click.Context(main.cli)))
def test_every_command_has_help_with_an_example(name: str) -> None:
    told = command(name, "--help")
    assert told.code == 0
    assert "Example" in told.out
    assert f"zdmigrate {name}" in told.out


def every_option() -> list[click.Parameter]:
    context = click.Context(main.cli)
    commands = [main.cli.get_command(context, name) for name in main.cli.list_commands(context)]
    return [option for known in commands if known for option in known.params if isinstance(option, click.Option)]


def test_every_option_says_what_it_is_for() -> None:
    assert [option.name for option in every_option() if not option.help] == []
