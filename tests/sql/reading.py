"""Short ways to ask what a text was read as."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from zdmigrate.sql.script import Script, read_script

if TYPE_CHECKING:
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sql.script import Statement

Kind = TypeVar("Kind", bound="Operation")


def statement(text: str) -> Statement:
    """The only statement of a text, which has no error."""
    (only,) = read_script(text).statements
    assert only.error is None, only.error
    return only


def operations(text: str) -> tuple[Operation, ...]:
    return statement(text).operations


def operation(text: str, kind: type[Kind]) -> Kind:
    """The only operation of a text, of the class that is asked for."""
    (only,) = operations(text)
    assert isinstance(only, kind), only
    return only


def kinds(text: str) -> list[str]:
    return [found.kind for found in operations(text)]


def clauses(text: str) -> list[str]:
    """What each operation's span holds."""
    script: Script = read_script(text)
    return [
        text[found.span.start : found.span.end] for statement in script.statements for found in statement.operations
    ]
