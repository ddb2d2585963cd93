"""A folder of change files: which files are changes, in which order, and what belongs to one change."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.nearest import nearest
from zdmigrate.sources.change import PARTS, id_of, read_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from zdmigrate.sources.change import Change


def read_folder(directory: str | Path) -> tuple[Change, ...]:
    """The folder's changes in order; the sections of ID.contract.sql and ID.revert.sql join those of ID.sql."""
    files = [read_change(path) for path in change_files(directory)]
    parts = {(file.id, file.part): file for file in files if file.part}
    return tuple(_with_parts(file, parts) for file in files if not file.part)


def change_files(directory: str | Path) -> tuple[str, ...]:
    """The paths of a folder's change files in order; InputError for two with one id, or a part alone."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if _is_change_file(entry)]
    except OSError as error:
        raise InputError(
            f"{directory}: this folder cannot be read: {error.strerror}",
            hint="name the folder of change files with --dir, or begin with zdmigrate new NAME",
        ) from None
    paths = [os.path.join(directory, name) for name in sorted(names, key=place_in_order)]
    _check_ids(paths)
    return tuple(paths)


def place_in_order(path: str) -> tuple[object, ...]:
    """A sort key for files: by their ids with numbers compared as numbers, then the change before its parts."""
    id, part = id_of(path)  # noqa: A001
    return _numbered(id), ("", *PARTS).index(part), os.path.basename(path)


def _numbered(id: str) -> tuple[str | int, ...]:  # noqa: A002
    """``7_a10`` -> ``("", 7, "_a", 10, "")``: text and numbers alternate, so that any two keys compare."""
    pieces = re.split(r"([0-9]+)", id)
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _is_change_file(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(".sql") and not entry.name.startswith(".") and not entry.is_dir()


def _check_ids(paths: Iterable[str]) -> None:
    """No two files for one id, also not where only case or leading zeros differ: people and discs mix them up."""
    seen: dict[tuple[object, str], str] = {}
    for path in paths:
        id, part = id_of(path)  # noqa: A001
        key = (_numbered(id.casefold()), part)
        if key in seen:
            raise InputError(f"{path}:1: the same id as {seen[key]}", hint="rename the one that has not been applied")
        seen[key] = path
    for (numbered, part), path in seen.items():
        if part and (numbered, "") not in seen:
            raise _alone(path, [id_of(other)[0] for other in seen.values() if not id_of(other)[1]])


def _alone(path: str, ids: Sequence[str]) -> InputError:
    id, part = id_of(path)  # noqa: A001
    close = nearest(id, ids)
    hint = f"did you mean {close}.{part}.sql?" if close else f"name it after its change: ID.{part}.sql"
    return InputError(f"{path}:1: a {part} without its change {id}.sql", hint=hint)


def _with_parts(change: Change, parts: dict[tuple[str, str], Change]) -> Change:
    sections = change.sections
    for part in PARTS:
        file = parts.get((change.id, part))
        if file and any(section.name == part for section in sections):
            raise InputError(
                f"{file.path}:1: a second {part}; {change.path} has one", hint=f"keep the {part} in one place"
            )
        sections += file.sections if file else ()
    # The contract of a change whose file ends with its revert comes from a file of its own, and belongs before it.
    ordered = sorted(sections, key=lambda section: ({"contract": 1, "revert": 2}).get(section.name, 0))
    return change.changed(sections=tuple(ordered))
