"""Where ``lint`` writes its reports: ``--output [FORMAT:]FILE``, and what is left for the terminal."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError
from zdmigrate.nearest import did_you_mean
from zdmigrate.report import DEFAULT, formats, render
from zdmigrate.sources.text import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.lint.finding import LintResult
    from zdmigrate.report import View


def checkout() -> str:
    """The top of the checkout, where a CI service says it: their reports name paths from there."""
    return os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or os.curdir


class Outputs(NamedTuple):
    """The terminal's format, and (format, file) of each report that is written."""

    terminal: str
    files: tuple[tuple[str, str], ...]


def outputs(asked: Sequence[str], format: str) -> Outputs:  # noqa: A002 - the option's name
    """A FILE without FORMAT gets what ``--format`` names, and leaves text for the terminal."""
    files = tuple(_output(text, format) for text in asked)
    is_taken = any(file == text for (_, file), text in zip(files, asked, strict=True))
    return Outputs(DEFAULT if is_taken else format, files)


def _output(text: str, format: str) -> tuple[str, str]:  # noqa: A002
    name, colon, file = text.partition(":")
    if colon and name in formats():
        return name, file
    if colon and re.fullmatch(r"[a-z0-9_-]{2,}", name):  # one letter is a drive
        raise UsageError(f"--output {text}: no format {name}", hint=did_you_mean(name, formats()))
    return format, text


def write(files: Sequence[tuple[str, str]], result: LintResult, view: View) -> None:
    """Each report into its file; it is drawn before the file is opened, so that a bug leaves the old one."""
    for name, file in files:
        write_text(file, f"{render(name, result, view)}\n")
