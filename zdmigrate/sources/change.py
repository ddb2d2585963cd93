"""A change file: its sections in order, what is allowed in it, and a checksum for each section."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.schema.names import Span
from zdmigrate.sources.markers import read_comments
from zdmigrate.sources.text import read_text
from zdmigrate.sql.lines import Lines
from zdmigrate.sql.script import read_script
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.markers import Allow, Marker
    from zdmigrate.sources.revisions import Revision
    from zdmigrate.sql.script import Script, Statement

PARTS = ("contract", "revert")  # the sections that may have a file of their own: ID.contract.sql


class Section(Value):
    """A run of statements under one marker; ``name`` is empty in a file without markers."""

    name: str
    ordinal: int  # from 0, within its file
    path: str
    statements: tuple[Statement, ...]
    span: Span  # of its marker, and empty without one
    options: Mapping[str, str] = {}
    needs: tuple[tuple[str, str], ...] = ()  # (app, version), of a contract
    transaction: str = ""  # what another tool puts around the statements: "", tool, message (schema/walk.py)

    @cached_property
    def checksum(self) -> str:
        """SHA-256, in hexadecimal, over the statements' tokens: white space and comments may change."""
        from hashlib import sha256  # needed by what runs, not by what lints

        return sha256("\n".join(statement.tokens_digest for statement in self.statements).encode()).hexdigest()


class Change(Value):
    """One migration. ``part`` is contract or revert for a file that holds only that section of its change."""

    id: str
    path: str
    text: str
    script: Script
    lines: Lines
    sections: tuple[Section, ...]
    allows: tuple[Allow, ...] = ()
    marked: bool = False
    part: str = ""
    tool: str = "native"  # whose file it is, by its name in sources/detect.py
    revision: Revision | None = None  # of Alembic's, where it is to be run

    def operations(self, *sections: str) -> Iterator[Operation]:
        """What the statements of these sections do, in order; of all sections unless some are named."""
        for section in self.sections:
            if not sections or section.name in sections:
                for statement in section.statements:
                    yield from statement.operations


def read_change(path: str | Path, text: str | None = None) -> Change:
    """Read one change file, or ``text`` as if ``path`` held it; InputError names the line of what is wrong."""
    name = str(path)
    source = read_text(name) if text is None else text
    script, lines = read_script(source), Lines(source)
    if not script.statements:
        raise InputError(f"{name}:1: no statement in this file", hint="write one, or delete the file")
    id, part = id_of(name)  # noqa: A001 - the word of the agreement
    comments = read_comments(script.comments, name, lines)
    sections = sections_of(comments.markers, script.statements, name, part, lines)
    marked = bool(comments.markers)
    return Change(
        id=id,
        path=name,
        text=source,
        script=script,
        lines=lines,
        sections=sections,
        allows=comments.allows,
        marked=marked,
        part=part,
    )


def id_of(path: str) -> tuple[str, str]:
    """A file's change and part: ``m/007_x.contract.sql`` -> ``("007_x", "contract")``."""
    stem = os.path.basename(path)
    stem = stem[:-4] if stem.lower().endswith(".sql") else stem
    id, dot, part = stem.rpartition(".")  # noqa: A001
    return (id, part) if dot and part in PARTS else (stem, "")


# --------------------------------------------------------------------------- sections


def sections_of(
    markers: Sequence[Marker], statements: Sequence[Statement], path: str, part: str, lines: Lines
) -> tuple[Section, ...]:
    """The sections that the markers begin; all of the file, called after its part, without any."""
    if not markers:
        span = statements[0].span if statements else Span(0, 0)
        return (Section(name=part, ordinal=0, path=path, statements=tuple(statements), span=span),)
    _check_order(markers, path, part)
    _check_places(markers, statements, path, lines)
    ends = [*(marker.span.start for marker in markers[1:]), float("inf")]
    return tuple(
        Section(
            name=marker.name,
            ordinal=ordinal,
            path=path,
            statements=tuple(s for s in statements if marker.span.start <= s.span.start < end),
            span=marker.span,
            options=marker.options,
            needs=marker.needs,
        )
        for ordinal, (marker, end) in enumerate(zip(markers, ends, strict=True))
    )


def _check_order(markers: Sequence[Marker], path: str, part: str) -> None:
    """Expands and backfills in turn, then one contract, then one revert."""
    ranks = {"expand": 0, "backfill": 0, "contract": 1, "revert": 2}
    last: Marker | None = None
    for marker in markers:
        place = f"{path}:{marker.line}"
        if part and marker.name != part:
            raise InputError(f"{place}: {marker.name} in a file whose name says {part}", hint="rename the file")
        if last and last.name == marker.name and ranks[marker.name]:
            raise InputError(f"{place}: a second {marker.name}; the first is in line {last.line}", hint="join them")
        if last and ranks[marker.name] < ranks[last.name]:
            raise InputError(
                f"{place}: {marker.name} after {last.name} (line {last.line})",
                hint="order the sections: expand, backfill and expand in turn, contract, revert",
            )
        last = marker


def _check_places(markers: Sequence[Marker], statements: Sequence[Statement], path: str, lines: Lines) -> None:
    for statement in statements:
        line = lines.position(statement.span.start)[0]
        if statement.span.start < markers[0].span.start:
            raise InputError(
                f"{path}:{line}: a statement before the first marker (line {markers[0].line})",
                hint="write -- zdmigrate: expand above it",
            )
        for marker in markers:
            if statement.span.start < marker.span.start < statement.span.end:
                raise InputError(
                    f"{path}:{marker.line}: a marker inside a statement (line {line})", hint="end the statement with ;"
                )
