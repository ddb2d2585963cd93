"""The files that a command line names, with the history that comes before them, in their tool's order."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.sources.detect import TOOLS, check_unmarked, marked_by, tool_of
from zdmigrate.sources.folder import place_in_order
from zdmigrate.sources.part import File
from zdmigrate.sources.printed import printed_sql
from zdmigrate.sources.text import decoded, read_text
from zdmigrate.sources.tool_change import change_of, unread_change
from zdmigrate.sources.tools import alembic
from zdmigrate.sources.tree import Tree
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from zdmigrate.config import Config
    from zdmigrate.sources.change import Change

STDIN = "-"
STDIN_PATH = "<stdin>"
IN_FOLDERS = ("up.sql", "down.sql", "migration.sql")  # of tools with a folder a migration


class Source(Value):
    """How folders are read: whose they are ("" for "see for yourself"), what prints their SQL, whether undo counts."""

    tool: str = ""
    command: tuple[str, ...] = ()
    section: str = ""  # of alembic.ini
    down: bool = False

    @classmethod
    def of(cls, config: Config, *, tool: str = "", down: bool = False) -> Source:
        """As the configuration says, but for a ``tool`` that is known."""
        command, section = config.source_command, config.source_section
        return cls(tool=tool or config.source, command=command, section=section, down=down)


class _Entry(NamedTuple):
    """A file, and the tool that runs it."""

    tool: str
    file: File


class History:
    """Files in order, each read when its turn comes, and anew each time."""

    def __init__(self, entries: Sequence[_Entry], reported: Collection[str], source: Source) -> None:
        self._entries = entries
        self._reported = reported
        self._source = source

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Change]:
        return (_read(entry, entry.file.path in self._reported, self._source) for entry in self._entries)

    def reread(self, path: str, text: str) -> Change:
        """What a file of this history would be if it held ``text``."""
        entry = next(entry for entry in self._entries if entry.file.path == path)
        return _change(entry, text, self._source)

    def writable(self) -> Iterator[str]:
        """The paths whose text is a file's own: neither standard input, nor printed by a command, nor Go or Java."""
        files = (entry.file for entry in self._entries)
        return (
            file.path
            for file in files
            if not (file.arguments or file.language or file.rendered or file.path == STDIN_PATH)
        )

    def first(self, count: int) -> History:
        return History(self._entries[:count], self._reported, self._source)

    def after(self, count: int) -> History:
        return History(self._entries[count:], self._reported, self._source)

    def fingerprint(self) -> str | None:
        """A digest of all that the changes are made from; None where a text comes from elsewhere, or is refused."""
        from hashlib import blake2b

        digest = blake2b(repr(self._source).encode())
        for entry in self._entries:
            file = entry.file
            if file.path == STDIN_PATH or file.arguments:
                return None
            try:
                text = read_text(file.path)
            except InputError:
                return None
            # what a tool says beside the file, in a .conf of Flyway's, is in the parts
            parts = () if file.language else TOOLS[entry.tool].parts(file, text)
            told = [(part.start, part.end, part.transaction.__qualname__, part.undoes) for part in parts]
            digest.update(repr((entry, told, text)).encode(errors="surrogatepass"))
        return digest.hexdigest()


def read_history(paths: Sequence[str], directory: str, source: Source | None = None) -> tuple[History, set[str]]:
    """The files, in order, each read when its turn comes, and the paths of those that were named.

    A folder stands for its files. Where single files or ``-`` are named, the other files of ``directory`` that
    come before them come too, if there is such a folder: they tell what the schema looks like.
    """
    source = source or Source()
    named = [entry for path in paths if _is_folder(path) for entry in _listed(path, source)]
    single = list(dict.fromkeys(path for path in paths if not _is_folder(path)))
    entries = [*_with_history(single, directory, source), *named]
    own = {entry.file.path for entry in named} | {STDIN_PATH if path == STDIN else path for path in single}
    wanted = list({os.path.abspath(entry.file.path): entry for entry in entries if _is_wanted(entry, source)}.values())
    reported = own & {entry.file.path for entry in wanted}
    return History(wanted, reported, source), reported


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) or path.endswith("/")


def _is_wanted(entry: _Entry, source: Source) -> bool:
    return source.down or not entry.file.undoes


def _listed(folder: str, source: Source) -> Sequence[_Entry]:
    """The files of a folder, undo among them; InputError without any."""
    entries = _entries(Tree(folder), source)
    if not entries:
        raise InputError(f"{folder}: no change file in this folder", hint="begin with zdmigrate new NAME")
    return entries


def _entries(tree: Tree, source: Source) -> Sequence[_Entry]:
    tool = source.tool or tool_of(tree)
    files = alembic.files(tree, source.command, source.section) if tool == "alembic" else TOOLS[tool].files(tree)
    return [_Entry(tool, file) for file in files]


# --------------------------------------------------------------------------- single files


def _with_history(single: Sequence[str], directory: str, source: Source) -> Sequence[_Entry]:
    """The files, behind those of the folder of changes that come before the last of them."""
    if not single:
        return []
    folder = _entries(Tree(directory), source) if os.path.isdir(directory) else []
    named = {os.path.abspath(path): path for path in single if path != STDIN}
    inside = [number for number, entry in enumerate(folder) if os.path.abspath(entry.file.path) in named]
    within = {os.path.abspath(folder[number].file.path) for number in inside}
    elsewhere = _elsewhere([path for whole, path in named.items() if whole not in within], source)
    before = _before(folder, inside, elsewhere) if STDIN not in single else folder
    stdin = [_Entry(source.tool or (folder[0].tool if folder else ""), File(STDIN_PATH))] if STDIN in single else []
    return [*(_as_named(entry, named) for entry in (*before, *elsewhere)), *stdin]


def _as_named(entry: _Entry, named: Mapping[str, str]) -> _Entry:
    """The entry by the path that it was named by, if it was: reports use no other."""
    path = named.get(os.path.abspath(entry.file.path))
    return entry if path is None else entry._replace(file=entry.file._replace(path=path))


def _before(folder: Sequence[_Entry], inside: Sequence[int], elsewhere: Iterable[_Entry]) -> Sequence[_Entry]:
    """Up to the last that was named; for a file from elsewhere, those whose names sort before its own."""
    last = max((place_in_order(entry.file.path) for entry in elsewhere), default=None)
    end = max(inside, default=-1)
    return [
        entry
        for number, entry in enumerate(folder)
        if number <= end or (last is not None and place_in_order(entry.file.path) < last)
    ]


def _elsewhere(paths: Sequence[str], source: Source) -> list[_Entry]:
    """Files outside of the folder of changes; their own names and texts say whose they are."""
    roots: dict[str, list[str]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        if name in IN_FOLDERS:
            above = os.path.basename(os.path.abspath(folder))
            folder, name = os.path.normpath(os.path.join(folder, os.pardir)), f"{above}/{name}"
        roots.setdefault(folder, []).append(name)
    return [entry for root, names in roots.items() for entry in _of_root(Tree(root, names), source)]


def _of_root(tree: Tree, source: Source) -> Sequence[_Entry]:
    """The named files of one folder; those that its tool would pass by are read all the same, last."""
    entries = _entries(tree, source)
    known = {entry.file.path for entry in entries}
    tool = entries[0].tool if entries else "plain"
    return [*entries, *(_Entry(tool, File(path)) for name in tree.names if (path := tree.join(name)) not in known)]


# --------------------------------------------------------------------------- reading


def _read(entry: _Entry, is_reported: bool, source: Source) -> Change:
    file = entry.file
    text = _text(file, source)
    if file.language:
        return unread_change(file, text)
    change = _change(entry, text, source)
    if is_reported and not change.script.statements and _ought_to_speak(change):
        raise InputError(f"{file.path}:1: no statement in this file", hint="write one, or delete the file")
    return change


def _change(entry: _Entry, text: str, source: Source) -> Change:
    tool = _tool_for(entry, text)
    parts = TOOLS[tool].parts(entry.file, text)
    return change_of(entry.file, text, parts, down=source.down).changed(tool=tool)


def _ought_to_speak(change: Change) -> bool:
    """Other tools have reasons to run an empty file; a person who has one writes it down."""
    return change.tool == "native" or (change.tool == "plain" and not change.script.comments)


def _text(file: File, source: Source) -> str:
    if file.path == STDIN_PATH:
        return decoded(sys.stdin.buffer.read(), STDIN_PATH)
    return printed_sql(file, source.command) if file.arguments else read_text(file.path)


def _tool_for(entry: _Entry, text: str) -> str:
    """The file's tool; for standard input without one, that whose comments it has."""
    if entry.file.path == STDIN_PATH and entry.tool in ("", "native", "plain"):
        return next(iter(marked_by(text)), entry.tool or "native")
    if entry.tool in ("native", "plain"):
        check_unmarked(text, entry.file.path)
    return entry.tool
