"""A file of a tool's folder, and the parts of it that the tool runs, each with what is put around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.sources.rendered import Rendered
    from zdmigrate.sql.script import Statement


class File(NamedTuple):
    """One file of a tool's folder."""

    path: str
    undoes: bool = False  # all of it takes back another file
    arguments: tuple[str, ...] = ()  # what the command that prints its SQL is asked with; empty for a file of SQL
    language: str = ""  # Go, Java …: of a migration that holds no SQL to read
    rendered: Rendered | None = None  # the SQL of a file of Python


def each_by_itself(_: Sequence[Statement]) -> str:
    """The tool sends one statement after the other, and opens no transaction."""
    return ""


def one_transaction(_: Sequence[Statement]) -> str:
    """The tool opens a transaction around them."""
    return "tool"


def one_message(statements: Sequence[Statement]) -> str:
    """The tool sends them together: PostgreSQL runs several statements of one message as one transaction.

    (Its manual, "Multiple Statements in a Simple Query".)
    """
    return "message" if len(statements) > 1 else ""


class Part(NamedTuple):
    """A stretch of a file that the tool runs as a whole. ``transaction`` says what is around its statements."""

    start: int
    end: int
    transaction: Callable[[Sequence[Statement]], str] = each_by_itself
    undoes: bool = False
