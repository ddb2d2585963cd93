"""A file of any tool as a change: its parts one after the other, each with what the tool puts around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.names import Span
from zdmigrate.sources.change import Change, Section, id_of, sections_of
from zdmigrate.sources.markers import Comments, read_comments
from zdmigrate.sources.unseen import not_read, with_unseen
from zdmigrate.sql.lines import Lines
from zdmigrate.sql.script import Script, read_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.sources.part import File, Part


def change_of(file: File, text: str, parts: Sequence[Part], *, down: bool = False) -> Change:
    """The change that a file is to its tool. Parts that undo are left unread unless ``down``.

    A file may be empty. InputError for a marker of zdmigrate's that is wrong.
    """
    lines = file.rendered.lines(text) if file.rendered else Lines(text)
    text = file.rendered.text if file.rendered else text
    kept = [part for part in parts if down or not part.undoes]
    scripts = [with_unseen(read_script(_alone(text, part)).changed(text=text)) for part in kept]
    comments = [read_comments(script.comments, file.path, lines) for script in scripts]
    sections = [
        section
        for part, script, found in zip(kept, scripts, comments, strict=True)
        for section in _sections(file, part, script, found, lines)
    ]
    id, own = id_of(file.path)  # noqa: A001 - the word of the agreement
    return Change(
        id=id,
        path=file.path,
        text=text,
        script=_joined(text, scripts),
        lines=lines,
        sections=_numbered(sections) or sections_of((), (), file.path, own, lines),
        allows=tuple(allow for found in comments for allow in found.allows),
        marked=any(found.markers for found in comments),
        part=own,
    )


def unread_change(file: File, text: str) -> Change:
    """A migration in a language that nobody reads here: one statement that is not understood, on its first line."""
    lines = Lines(text)
    span = Span(0, max(len(lines.text_of(1)), 1))
    statement = not_read(text[: span.end], f"this migration in {file.language}", span)
    return Change(
        id=id_of(file.path)[0],
        path=file.path,
        text=text,
        script=Script(text=text, statements=(statement,), comments=()),
        lines=lines,
        sections=sections_of((), (statement,), file.path, "", lines),
    )


def _alone(text: str, part: Part) -> str:
    """The file with nothing but the part in it, and every offset true to the file."""
    if part.start == 0:
        return text[: part.end]
    return " " * part.start + text[part.start : part.end]


def _sections(file: File, part: Part, script: Script, comments: Comments, lines: Lines) -> Sequence[Section]:
    name = "revert" if part.undoes else id_of(file.path)[1]
    around = part.transaction(script.statements)
    found = sections_of(comments.markers, script.statements, file.path, name, lines)
    return [section.changed(transaction=around) for section in found] if around else found


def _numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(
        section if section.ordinal == number else section.changed(ordinal=number)
        for number, section in enumerate(sections)
    )


def _joined(text: str, scripts: Sequence[Script]) -> Script:
    if len(scripts) == 1:
        return scripts[0]
    return Script(
        text=text,
        statements=tuple(statement for script in scripts for statement in script.statements),
        comments=tuple(comment for script in scripts for comment in script.comments),
        quits=tuple(span for script in scripts for span in script.quits),
        psql_lines=tuple(span for script in scripts for span in script.psql_lines),
    )
