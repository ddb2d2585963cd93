"""SELECT setval of an identity that the file gives a column above: in the transaction of contract that gives it.

Any other SELECT is refused. The sequence that is meant is the identity's: ``pg_get_serial_sequence`` names a serial's
old one for as long as that is there (measured on 14 and 18), and the identity would begin at 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.phased import Phased, Said
from zdmigrate.recipes.parts.renaming import replaced
from zdmigrate.recipes.parts.sequences import called_sequence, sequences_of
from zdmigrate.schema.operations import AddIdentity

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.sequences import Called
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Select

OPERATIONS = ("select",)
MEANWHILE = ("has its numbers from the default", "leaves the column out, and has them from there, too")
_HARMLESS = {"setval", "pg_get_serial_sequence", "max", "greatest"}


class Identity(NamedTuple):
    """A column that the file has made an identity, which begins in contract."""

    table: Name
    column: str
    sequence: str


def recipe(operation: Select, ground: Ground) -> Phased:
    if not any(each.name == "setval" for each in operation.calls):
        raise ground.refusal(
            "a SELECT changes only what the functions that it calls change: nothing says what that is, nor undoes it",
            "leave it out, or write what it is to do as a statement of its own",
        )
    text = ground.text_of(operation)
    called = called_sequence(text)
    identity = _identity(called, ground) if called else None
    if called is None or identity is None or not {each.name for each in operation.calls} <= _HARMLESS:
        raise ground.refusal(
            "setval says where a sequence goes on: among the numbers that are there, INSERTs would fail as duplicates, "
            "and no revert knows where it stood",
            "run it by hand, with a number behind them all: it is no change of the schema; behind ALTER ... ADD "
            "GENERATED ... AS IDENTITY of the sequence's column it may stay",
        )
    _refuse_reading_all(identity, operation, ground)
    literal = "'" + ground.beside(identity.table, identity.sequence).replace("'", "''") + "'"
    return Phased(
        table=identity.table,
        removal=(Said("Behind all numbers that are there.", replaced(text, [(called.place, literal)])),),
    )


def _identity(called: Called, ground: Ground) -> Identity | None:
    for done in ground.names.done:
        operation = done.operation
        if isinstance(operation, AddIdentity) and operation.relation is not None and done.parts[0].removal:
            table = done.ground.furniture.catalog.resolve(operation.relation)
            sequences = sequences_of(operation, table, ground)
            if called.means(table, operation.column, sequences):
                return Identity(table, operation.column, sequences[-1])
    return None


def _refuse_reading_all(identity: Identity, operation: Select, ground: Ground) -> None:
    """Raise CannotRewrite for max() that no index answers: the table is locked meanwhile."""
    indexes = ground.furniture.catalog.indexes_of(identity.table)
    if operation.sources and not any(each.columns[:1] == (identity.column,) for each in indexes):
        raise ground.refusal(
            f"no index of {identity.table} begins with {identity.column}: under contract's lock, every row would be "
            "read for the largest",
            "say where the identity begins instead: ... AS IDENTITY (START WITH 1000000)",
        )
