"""A folder as a tool's shape is looked for in it: the names of its files, and the texts of a few."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.sources.text import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_DEPTH = 5  # Flyway reads folders within folders; deeper ones are somebody else's
_PASSED_BY = ("node_modules", "__pycache__")


class Tree:
    """A folder. ``names`` are relative to it, with ``/`` between folders."""

    def __init__(self, path: str, names: Collection[str] | None = None) -> None:
        """All of a folder, or only ``names`` of it: then the others say nothing."""
        self.path = path
        self._named = names

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(_names(self.path, "", _DEPTH) if self._named is None else self._named))

    @cached_property
    def flat(self) -> tuple[str, ...]:
        """The SQL files at the top."""
        return tuple(name for name in self.names if "/" not in name and name.lower().endswith(".sql"))

    @cached_property
    def sample(self) -> tuple[str, ...]:
        """The texts of the first, a middle and the last SQL file at the top; a tool marks every file or none."""
        last = len(self.flat) - 1
        return tuple(read_text(self.join(self.flat[place])) for place in sorted({0, last // 2, last}) if last >= 0)

    def join(self, name: str) -> str:
        """A file's path as the folder was named."""
        return os.path.join(self.path, *name.split("/"))

    def nearest(self, *names: str) -> tuple[str, ...]:
        """The paths of those of ``names`` that lie in the nearest folder upward with any, within the repository."""
        folder, below = os.path.abspath(self.path), ""
        while folder != below:
            found = tuple(path for name in names if os.path.isfile(path := os.path.join(folder, name)))
            if found or os.path.exists(os.path.join(folder, ".git")):
                return found
            folder, below = os.path.dirname(folder), folder
        return ()


def _names(folder: str, prefix: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in _PASSED_BY]
    except OSError as error:
        raise InputError(
            f"{folder}: this folder cannot be read: {error.strerror}",
            hint="name the folder of change files with --dir, or begin with zdmigrate new NAME",
        ) from None
    for entry in found:
        if not entry.is_dir():
            yield prefix + entry.name
        elif depth > 1:
            yield from _names(entry.path, f"{prefix}{entry.name}/", depth - 1)
