"""The files that a command line names, with the history that sorts before them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.sources.change import decoded, read_change
from zdmigrate.sources.folder import change_files, place_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.sources.change import Change

STDIN = "-"
STDIN_PATH = "<stdin>"


def read_history(paths: Sequence[str], directory: str) -> tuple[Iterator[Change], set[str]]:
    """The files, in order, each read when its turn comes, and the paths of those that were named.

    A folder stands for its files. Where single files or ``-`` are named, the other files of ``directory`` that
    sort before them come too, if there is such a folder: they tell what the schema looks like.
    """
    named = list(dict.fromkeys(file for path in paths for file in _files(path)))
    reported = {STDIN_PATH if path == STDIN else path for path in named}
    if not named:
        raise InputError(f"{paths[0]}: no change file in this folder", hint="begin with zdmigrate new NAME")
    single = [path for path in paths if not os.path.isdir(path)]
    if single:
        named = sorted((*_before(single, named, directory), *named), key=_place)
    return map(_read, named), reported


def _files(path: str) -> Sequence[str]:
    return change_files(path) if os.path.isdir(path) or path.endswith("/") else [path]


def _place(path: str) -> tuple[bool, object]:
    return path == STDIN, place_in_order(path)


def _before(single: Sequence[str], named: Sequence[str], directory: str) -> list[str]:
    """The folder's files that are not named and sort before the last that is; standard input sorts last."""
    if not os.path.isdir(directory):
        return []
    last = max(map(_place, single))
    known = {os.path.abspath(path) for path in named}
    return [path for path in change_files(directory) if _place(path) < last and os.path.abspath(path) not in known]


def _read(path: str) -> Change:
    if path == STDIN:
        return read_change(STDIN_PATH, decoded(sys.stdin.buffer.read(), STDIN_PATH))
    return read_change(path)
