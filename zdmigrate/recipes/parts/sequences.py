"""The sequence of an identity that takes over from a serial, and the one that ``SELECT setval(…)`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.copied import is_serial
from zdmigrate.recipes.parts.renaming import Piece, folded
from zdmigrate.schema import operations as ops
from zdmigrate.schema.constraints import object_name
from zdmigrate.schema.names import Name, Span
from zdmigrate.sql.lift.nodes import strings
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.sql.lift.nodes import Node


class Called(NamedTuple):
    """What setval is given: a sequence or, with ``column``, a column's table; and where in the text that stands."""

    name: str  # without its schema
    column: str | None
    place: Span

    def means(self, table: Name, column: str, sequences: tuple[str, ...]) -> bool:
        if self.column is not None:
            return (self.name, self.column) == (table.name, column)
        return self.name in sequences


def called_sequence(statement: str) -> Called | None:
    """The first thing that a ``SELECT setval('name' or pg_get_serial_sequence('table', 'column'), …)`` says."""
    piece = Piece(statement, "")
    targets = piece.tree["stmts"][0]["stmt"].get("SelectStmt", {}).get("targetList", ())
    call = targets[0]["ResTarget"]["val"].get("FuncCall") if len(targets) == 1 else None
    if call is None or strings(call["funcname"])[-1] != "setval":
        return None
    said = _said(call["args"][0])
    return None if said is None else Called(*said, _first_argument(piece))


def _said(argument: Node) -> tuple[str, str | None] | None:
    argument = argument.get("TypeCast", {}).get("arg", argument)
    if (name := _text(argument)) is not None:
        return _last_word(name), None
    call = argument.get("FuncCall")
    if call is None or strings(call["funcname"])[-1] != "pg_get_serial_sequence":
        return None
    table, column = map(_text, call["args"])
    return None if table is None or column is None else (_last_word(table), column)


def _text(node: Node) -> str | None:
    """A literal's text."""
    found: str | None = node.get("A_Const", {}).get("sval", {}).get("sval")
    return found


def _last_word(name: str) -> str:
    return folded(name if name.endswith('"') and "." not in name else name.rpartition(".")[2])


def _first_argument(piece: Piece) -> Span:
    words = [piece.text[token.start : token.end] for token in piece.tokens]
    at = next(place for place, word in enumerate(words) if folded(word) == "setval") + 2
    depth, end = 0, at
    while depth or words[end] != ",":
        depth += (words[end] == "(") - (words[end] == ")")
        end += 1
    return Span(piece.tokens[at].start, piece.tokens[end - 1].end)


def sequences_of(operation: ops.AddIdentity, table: Name, ground: Ground) -> tuple[str, ...]:
    """The names by which a file may mean an identity's sequence; the last is the one that it gets.

    The server names it after table and column, with a 1 behind where the serial's own is there still.
    """
    own = object_name(table.name, operation.column, "seq")
    gone = any(isinstance(each.operation, ops.DropSequence) and _is(each.operation, own) for each in ground.names.done)
    return (own,) if gone or not _is_taken(own, table, operation.column, ground) else (own, f"{own}1")


def _is(operation: ops.DropSequence, sequence: str) -> bool:
    return operation.relation is not None and operation.relation.name == sequence


def _is_taken(sequence: str, table: Name, column: str, ground: Ground) -> bool:
    """Whether the default that goes above has had a sequence of this name."""
    before = ground.names.done[0].ground.furniture if ground.names.done else ground.furniture
    known = before.catalog.tables.get(table)
    old = known.columns.get(column) if known else None
    return old is not None and (is_serial(old) or (old.default is not None and sequence in old.default.sql))


def is_set_below(operation: ops.AddIdentity, table: Name, ground: Ground) -> bool:
    """Whether the file says behind it, by setval, where its numbers go on."""
    sequences = sequences_of(operation, table, ground)
    for statement in read_script(ground.text).statements:
        if statement.span.start > operation.span.end and any(each.kind == "select" for each in statement.operations):
            called = called_sequence(statement.text)
            if called is not None and called.means(table, operation.column, sequences):
                return True
    return False
