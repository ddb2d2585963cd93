"""What zdmigrate knows of a migration tool: its folder's shape, its order, its parts, and its transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.sources.tree import Tree
    from zdmigrate.sql.script import Statement


class File(NamedTuple):
    """One file of a tool's folder."""

    path: str
    undoes: bool = False  # all of it takes back another file
    arguments: tuple[str, ...] = ()  # what the command that prints its SQL is asked with; empty for a file of SQL
    language: str = ""  # Go, Java …: of a migration that holds no SQL to read


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


class Tool(Protocol):
    """A tool; each is one module of ``tools/``."""

    def is_shape_of(self, tree: Tree) -> bool:
        """Whether a folder looks like this tool's."""
        ...

    def files(self, tree: Tree) -> Sequence[File]:
        """The folder's migrations in the order in which the tool runs them, each undo behind what it takes back."""
        ...

    def parts(self, file: File, text: str) -> Sequence[Part]:
        """The stretches of a file's text, in order."""
        ...
