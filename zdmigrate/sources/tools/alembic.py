"""Alembic: revisions are Python; a process of the project's own Python renders them as SQL, in their order."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from zdmigrate.errors import DatabaseError, InputError
from zdmigrate.nearest import did_you_mean
from zdmigrate.sources.part import File, Part, each_by_itself, one_transaction
from zdmigrate.sources.text import read_text
from zdmigrate.sources.unseen import NOT_RENDERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from configparser import ConfigParser

    from zdmigrate.sources.rendered import Rendered
    from zdmigrate.sources.tree import Tree

_FILES = ("alembic.ini", "pyproject.toml")
SECTION = "alembic"
_OF_LOGGING = ("loggers", "handlers", "formatters", "logger_", "handler_", "formatter_")
_RENDER = "render.py"
_IMPORT = "ModuleNotFoundError"
_HINT = 'name the Python that has the project\'s packages: source_command = [".venv/bin/python"]'
_EXPAND = "-- zdmigrate: expand\n"
_BACKFILL = "-- zdmigrate: backfill\n"
_COMMENT = re.compile(r"#[ \t]*(zdmigrate:.*)")


def is_shape_of(tree: Tree) -> bool:
    """A project's folder, its folder of scripts, or revisions below either."""
    if {"env.py", "script.py.mako"} <= set(tree.names):
        return True
    if any(name in tree.names and _configured(tree.join(name)) for name in _FILES):
        return True
    revisions = [name for name in tree.names if name.endswith(".py") and "/" not in name]
    return bool(revisions) and not tree.flat and is_revision(read_text(tree.join(revisions[0])))


def is_project(folder: str) -> bool:
    """Whether a folder has the configuration of an Alembic project."""
    return any(_configured(os.path.join(folder, name)) for name in _FILES)


def _configured(path: str) -> bool:
    return os.path.isfile(path) and (path.endswith(".ini") or "[tool.alembic]" in read_text(path))


def is_revision(text: str) -> bool:
    """Whether a file of Python says which revision comes before it, as all of Alembic's do."""
    return re.search(r"^down_revision\b", text, re.MULTILINE) is not None


def files(tree: Tree, command: Sequence[str] = (), section: str = "") -> Sequence[File]:
    """Each revision behind those that it stands on; ``command`` starts the Python that can import them.

    Those of all sections of alembic.ini, one section after the other, unless one is named.
    """
    configuration = configuration_of(tree)
    sections = [section_to_run(configuration, section)] if section else sections_in(configuration)
    rendered = [_rendered(configuration, command, name) for name in sections]
    return [file for found in rendered for file in files_of(tree, configuration, found)]


def files_of(tree: Tree, configuration: str, found: dict[str, Any]) -> list[File]:
    """A file for each revision that was rendered."""
    if "error" in found:
        raise InputError(f"{configuration}: the revisions cannot be read: {found['error']}", hint=_HINT)
    around = "tool" if found["transactions"] == "tool" else ""
    return [_file(tree, revision, around) for revision in found["revisions"]]


def revisions_to_run(tree: Tree, command: Sequence[str], section: str = "") -> tuple[str, dict[str, Any], list[File]]:
    """The configuration, what is known of the revisions, and their files.

    No scratch server is asked: what a revision sends to an empty database need not be what it would send to a full one.
    """
    configuration = configuration_of(tree)
    found = asked(_RENDER, configuration, command, section=section_to_run(configuration, section))
    return configuration, found, files_of(tree, configuration, found)


def parts(file: File, _: str) -> Sequence[Part]:
    """Alembic runs a revision in a transaction, and writes out where autocommit_block() ends and begins one."""
    if file.rendered is None:  # named, and no revision of the project's
        return []
    around = one_transaction if file.rendered.transaction == "tool" else each_by_itself
    middle, end = file.rendered.undone_from, len(file.rendered.text)
    return [Part(0, middle, around), *([Part(middle, end, around, undoes=True)] if middle < end else [])]


# --------------------------------------------------------------------------- the project


def configuration_of(tree: Tree) -> str:
    """The project's alembic.ini, else the pyproject.toml with [tool.alembic], the nearest upward; else its scripts."""
    for path in tree.nearest(*_FILES):
        if _configured(path):
            return path
    for folder in (tree.path, os.path.dirname(os.path.abspath(tree.path))):
        if os.path.isfile(os.path.join(folder, "env.py")):
            return os.path.abspath(folder)
    raise InputError(
        f"{tree.path}: Alembic's revisions, and neither alembic.ini nor [tool.alembic] upward of them",
        hint="run lint in the project's folder",
    )


def section_to_run(configuration: str, section: str) -> str:
    """The one that is named, else Alembic's own. InputError for one that is not there, and where one must be named."""
    there = [name for name in _parsed(configuration).sections() if not name.startswith(_OF_LOGGING)]
    if section and section != SECTION and section not in there:
        raise InputError(
            f"{configuration}: there is no section [{section}]",
            hint=did_you_mean(section, there) or "zdmigrate reads sections of alembic.ini, as alembic --name does",
        )
    known = sections_in(configuration)
    if not section and SECTION not in known and len(known) > 1:
        raise InputError(
            f"{configuration}: several sections have revisions: {', '.join(known)}",
            hint=f"say which: --source-section {known[0]}, with the --dsn of its database",
        )
    return section or (SECTION if SECTION in known else known[0])


def _parsed(configuration: str) -> ConfigParser:
    """alembic.ini; nothing for another file, or for one that is broken, which Alembic tells better."""
    from configparser import ConfigParser, Error  # nobody else pays for it

    parser = ConfigParser(interpolation=None)
    try:
        parser.read(configuration if configuration.endswith(".ini") else (), encoding="utf-8")
    except Error:
        return ConfigParser()
    return parser


def sections_in(configuration: str) -> Sequence[str]:
    """Those of alembic.ini that have scripts of their own, for ``alembic -n NAME``: each is a project."""
    parser = _parsed(configuration)
    scripts = {
        name: parser[name].get("script_location", "") for name in (SECTION, *parser.sections()) if name in parser
    }
    folders = {folder: name for name, folder in reversed(scripts.items()) if folder}
    return [name for name in scripts if name in folders.values()] or (SECTION,)


def _rendered(configuration: str, command: Sequence[str], section: str) -> dict[str, Any]:
    """What the project's Python says of the revisions; of those that ask a database, behind a scratch server's back."""
    found = asked(_RENDER, configuration, command, section=section)
    if any(_asks_a_database(problem) for revision in found.get("revisions", ()) for problem in revision["problems"]):
        with _scratch_server() as server:
            return asked(_RENDER, configuration, command, server, section=section) if server else found
    return found


def _asks_a_database(problem: dict[str, Any]) -> bool:
    return problem["direction"] == "upgrade" and not problem["message"].startswith(_IMPORT)


@contextmanager
def _scratch_server() -> Iterator[str]:
    """An embedded server, as the project's Python is told of it; nothing where none is installed."""
    from zdmigrate.embedded.locate import find  # nobody else pays for it
    from zdmigrate.embedded.server import Server

    try:
        binaries = find()
    except DatabaseError:
        yield ""
        return
    with Server.start(binaries) as server:
        yield json.dumps({"host": "127.0.0.1", "port": server.port, "database": "postgres", "username": "postgres"})


def asked(
    script: str, configuration: str, command: Sequence[str], *more: str, section: str = SECTION
) -> dict[str, Any]:
    """What a file of ``zdmigrate/alembic`` prints as JSON, run by the project's Python. InputError where it cannot."""
    import subprocess  # what most runs can do without
    import sys

    import zdmigrate  # and not zdmigrate.alembic, which imports Alembic

    path = os.path.join(os.path.dirname(zdmigrate.__file__), "alembic", script)
    words = [*(command or (sys.executable,)), path, configuration, section, *more]
    folder = configuration if os.path.isdir(configuration) else os.path.dirname(configuration)
    try:
        done = subprocess.run(words, capture_output=True, check=False, stdin=subprocess.DEVNULL, cwd=folder)
    except OSError as error:
        raise InputError(f"{configuration}: {words[0]} cannot be run: {error.strerror}", hint=_HINT) from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise InputError(f"{configuration}: {words[0]} cannot render its revisions: {told[0]}", hint=_HINT)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _file(tree: Tree, revision: dict[str, Any], around: str) -> File:
    path = os.path.relpath(revision["path"], os.path.abspath(tree.path))
    named = os.path.relpath(revision["path"]) if path.startswith(os.pardir) else os.path.join(tree.path, path)
    return File(os.path.normpath(named), rendered=_script(read_text(revision["path"]), revision, around))


# --------------------------------------------------------------------------- one revision as SQL


def _script(source: str, revision: dict[str, Any], around: str) -> Rendered:
    """Markers and allows first, since what they are about is told by lines of the Python; then the statements."""
    from zdmigrate.sources.rendered import Call, Rendered  # nobody else pays for it

    is_cut = around == "tool" and any(sent["alone"] for sent in (*revision["up"], *revision["down"]))
    pieces = [*_phase(revision), *_comments(source), *_statements(revision["up"], is_cut=is_cut)]
    as_sections = _as_statements if revision["phase"] == "contract" else _as_sections
    pieces = [*as_sections(pieces), *_problems(revision, "upgrade")]
    undone = [*_as_statements(_statements(revision["down"], is_cut=is_cut)), *_problems(revision, "downgrade")]
    ends = list(accumulate((len(text) for text, _ in (*pieces, *undone)), initial=0))
    calls = [
        Call(start, start + len(text.removesuffix("\n").removesuffix(";")), *place)
        for start, (text, place) in zip(ends, (*pieces, *undone), strict=False)
    ]
    text = "".join(text for text, _ in (*pieces, *undone))
    return Rendered(text, tuple(calls), ends[len(pieces)], "" if is_cut else around)


_Piece = tuple[str, tuple[int, int, int, int]]


def _phase(revision: dict[str, Any]) -> Iterator[_Piece]:
    if revision["phase"]:
        yield f"-- zdmigrate: {revision['phase']}\n", (1, 1, 1, 1)


def _comments(source: str) -> Iterator[_Piece]:
    """What the file's own comments say to zdmigrate; a text that looks like one is taken for one."""
    for number, line in enumerate(source.splitlines(), 1):
        found = _COMMENT.search(line) if "zdmigrate:" in line else None
        if found:
            yield f"-- {found[1].rstrip()}\n", (number, found.start() + 1, number, len(line.rstrip()) + 1)


def _statements(sent: Sequence[dict[str, Any]], *, is_cut: bool) -> Iterator[_Piece]:
    """With a BEGIN and COMMIT for what stands outside of an autocommit_block(), where one of the directions has one."""
    for is_alone, group in groupby(sent, key=lambda statement: bool(statement["alone"])):
        pieces = [_piece(statement) for statement in group]
        if is_cut and not is_alone:
            pieces = [("BEGIN;\n", pieces[0][1]), *pieces, ("COMMIT;\n", pieces[-1][1])]
        yield from pieces


def _as_sections(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """What op.backfill sends begins with the marker of its section; the expand goes on behind it."""
    first = next((number for number, (text, _) in enumerate(pieces) if not text.startswith("--")), 0)
    is_marked = bool(pieces) and pieces[0][0] == _EXPAND
    if any(text.startswith(_BACKFILL) for text, _ in pieces) and not is_marked:
        pieces = [*pieces[:first], (_EXPAND, (1, 1, 1, 1)), *pieces[first:]]
    is_filling = False
    for text, place in pieces:
        if is_filling and not text.startswith(_BACKFILL):
            yield _EXPAND, place
        is_filling = text.startswith(_BACKFILL)
        yield text, place


def _as_statements(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """In a contract, and on the way back, there is no other section."""
    return ((text.removeprefix(_BACKFILL), place) for text, place in pieces)


def _piece(sent: dict[str, Any]) -> _Piece:
    return f"{sent['sql']};\n", (sent["line"], sent["column"], sent["end_line"], sent["end_column"])


def _problems(revision: dict[str, Any], direction: str) -> Iterator[_Piece]:
    """What could not be rendered, in its place, to be named as not analysed."""
    for problem in revision["problems"]:
        if problem["direction"] == direction:
            line, why = problem["line"], problem["message"]
            if why.startswith(_IMPORT):
                why += "; source_command names the Python that has it"
            yield f"-- {NOT_RENDERED}{why}\n", (line, 1, line, 1)
