"""``zdmigrate rewrite`` of an Alembic revision: its own file becomes the expand, and a new one the contract."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zdmigrate.errors import UsageError
from zdmigrate.nearest import did_you_mean
from zdmigrate.sources.text import read_text
from zdmigrate.sources.tools.alembic import is_project, is_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.recipes.parts.merge import Rewritten
    from zdmigrate.sources.change import Change


def revision_named(file: str, config: Config) -> str | None:
    """The path of a revision that is named by it, or by its id in this folder's project; None for other files."""
    if os.path.isfile(file):  # noqa: PTH113 - texts of a command line
        return file if file.endswith(".py") and is_revision(read_text(file)) else None
    if os.sep in file or not is_project(os.curdir):
        return None
    from zdmigrate.alembic.revisions import revisions_in

    known = {revision.id: revision.path for revision in revisions_in(_paths(os.curdir, config))}
    found = [name for name in known if name.startswith(file)]
    if len(found) != 1:
        told = f"more than one revision begins with {file}" if found else f"there is no revision {file} here"
        raise UsageError(told, hint=did_you_mean(file, list(known)) or "name its file")
    return known[found[0]]


def _paths(folder: str, config: Config) -> list[str]:
    from zdmigrate.sources.history import Source, read_history

    history, _ = read_history((folder,), folder, Source.of(config, tool="alembic"))
    return [change.path for change in history]


def write_revision(
    change: Change, phases: Rewritten, config: Config, console: Console, write: Callable[[str, str], None] | None = None
) -> None:
    """Print both files, or hand each to ``write``."""
    from zdmigrate.alembic.rewriting import rewritten_revision, told

    folder = os.path.dirname(change.path) or os.curdir  # noqa: PTH120
    files = rewritten_revision(change, read_text(change.path), phases, _paths(folder, config))
    if write is None:
        console.result(told(files).rstrip("\n"))
        return
    for file in files:
        write(file.path, file.text)
        console.say(f"{file.path} is written")
    console.say(f"next: zdmigrate lint {' '.join(file.path for file in files)}")
