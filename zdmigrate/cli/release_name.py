"""Which release a command is about: what was given, the variable, or the commit that is checked out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from zdmigrate.cli.options import Console

VARIABLE = "ZDMIGRATE_RELEASE"
_HINT = f"pass --release VERSION or set {VARIABLE}"


def release_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--release``; what it gives is for ``release_name`` to complete."""
    return click.option(
        "--release",
        metavar="VERSION",
        help=f"The release's name. [default: {VARIABLE}, then the short hash of a clean git checkout]",
    )(function)


def release_name(given: str | None, console: Console, directory: Path | None = None) -> str:
    """The release's name; one that git gave is told before anything else happens. Raises UsageError without one."""
    named = given if given is not None else os.environ.get(VARIABLE)
    if named is not None:
        if not named.strip():
            raise UsageError("the release's name is empty", state="nothing was changed", hint=_HINT)
        return named.strip()
    commit = _commit(directory or Path.cwd())
    console.say(f"release: {commit} (the commit that is checked out)")
    return commit


def _commit(directory: Path) -> str:
    commit = _git(directory, "rev-parse", "--short", "HEAD")
    changed = _git(directory, "status", "--porcelain")
    if commit is None or changed is None:
        raise UsageError("which release is this?", state="nothing was changed", hint=_HINT)
    if changed:
        raise UsageError(
            "which release is this? The git checkout has changes that no commit names",
            state="nothing was changed",
            hint=f"{_HINT}, or commit them",
        )
    return commit


def _git(directory: Path, *arguments: str) -> str | None:
    """What git prints, or None where there is no git, no repository or no commit."""
    try:
        ran = subprocess.run(["git", *arguments], cwd=directory, capture_output=True, text=True, timeout=30)  # noqa: S607 - the user's git is the one that knows
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None
