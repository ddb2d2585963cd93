"""The changes of a folder, read anew once a file of it has changed: Alembic's revisions take a process and a second."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.sources.detect import folder_to_lint
from zdmigrate.sources.revisions import changes_to_run, is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.config import Config
    from zdmigrate.sources.change import Change

    Stamps = tuple[tuple[str, int, int], ...]

AGAIN = 60.0  # seconds after which it is read whatever its stamps say: env.py may look outside of the folder


class Folder:
    """``changes`` are those of the folder now; none where there is no folder here, or one that cannot be read."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self.config, self.clock = config, clock
        self._stamps: Stamps | None = None
        self._read_at = 0.0
        self._changes: Sequence[Change] = ()

    def changes(self) -> Sequence[Change]:
        """Read where something has changed since the last time."""
        stamps = tuple(_stamps(folder_to_lint(self.config.dir)))
        if stamps != self._stamps or self.clock() - self._read_at > AGAIN:
            self._changes = self._read()
            self._stamps, self._read_at = stamps, self.clock()
        return self._changes

    def _read(self) -> Sequence[Change]:
        try:
            return changes_to_run(self.config) if is_there(self.config) else ()
        except InputError:
            return ()


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    """Name, time and size of each file; what a run leaves behind itself does not count."""
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for file in (Path(path, name) for name in sorted(files)):
            with suppress(OSError):  # it went between the two
                found = file.stat()
                yield str(file), found.st_mtime_ns, found.st_size
