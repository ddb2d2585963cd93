r"""What a file makes run without showing it: ``\i`` and its like, placeholders for whole statements, Python.

Each becomes a statement that is not understood, so that it is named as not analysed, in its place.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from zdmigrate.schema.operations import Unknown
from zdmigrate.sql.script import Script, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.names import Span

_PULLS_IN = r"\\(?:i|ir|include|include_relative|gexec|copy|c|connect|!)(?![\w-])"
_PLACEHOLDER = r"\$\{[^}\r\n]*\}|\{\{.*?\}\}|\{%.*?%\}"
NOT_RENDERED = "not rendered: "  # begins the comment that stands for Python of Alembic's
# what sqlmigrate writes for RunPython, before and after Django 4.1
_PYTHON = ("THIS OPERATION CANNOT BE WRITTEN AS SQL", "MIGRATION NOW PERFORMS OPERATION THAT CANNOT BE WRITTEN AS SQL")


def with_unseen(script: Script) -> Script:
    """The script with a statement for each of these."""
    unseen = [*_psql_lines(script), *_python(script)]
    if not unseen and not any(statement.error for statement in script.statements):
        return script
    statements = [_without_placeholder(statement) for statement in script.statements] + unseen
    return script.changed(statements=tuple(sorted(statements, key=lambda statement: statement.span)))


def not_read(text: str, what: str, span: Span) -> Statement:
    """A statement of which only the place and a name are known."""
    operations = (Unknown(span=span, statement=what),)
    return Statement(text=text, span=span, kind="", operations=operations, masked="_" * len(text))  # one word


def _psql_lines(script: Script) -> Iterator[Statement]:
    for span in script.psql_lines:
        line = script.text[span.start : span.end]
        if _compiled(_PULLS_IN).search(line):
            yield not_read(line, line, span)


def _python(script: Script) -> Iterator[Statement]:
    for comment in script.comments:
        if comment.text.rstrip(":") in _PYTHON:
            yield not_read(script.text[comment.span.start : comment.span.end], "this Python", comment.span)
        elif comment.text.startswith(NOT_RENDERED):
            why = comment.text.removeprefix(NOT_RENDERED)
            yield not_read(comment.text, f"this Python ({why})", comment.span)


def _without_placeholder(statement: Statement) -> Statement:
    """A statement that is no SQL until its placeholder has been filled is not a mistake."""
    found = _compiled(_PLACEHOLDER).search(statement.text) if statement.error else None
    if found is None:
        return statement
    return not_read(statement.text, found[0], statement.span)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
