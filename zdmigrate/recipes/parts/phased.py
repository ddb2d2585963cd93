"""What a recipe says: the statements of each section, each with the reason that is printed above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.recipes.parts.computing import Computed
    from zdmigrate.recipes.parts.pair import Pair
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import TypeName


class Said(NamedTuple):
    """A statement, without its semicolon, and why it is there."""

    why: str
    sql: str


class Together(NamedTuple):
    """Statements that are one transaction: between them, something would fail."""

    why: str
    statements: tuple[Said, ...]


Step = Said | Together


class Phased(Value):
    """What one operation becomes.

    What has to happen to a table in one moment stands in ``removal`` (contract) and ``undoing`` (revert): those of
    all operations on the table become one transaction each, so that its lock is taken once.
    """

    table: Name | None = None
    notes: tuple[str, ...] = ()  # what a reviewer has to know, printed at the head of the file
    expand: tuple[Step, ...] = ()
    pairs: tuple[Pair, ...] = ()  # columns that a trigger keeps in step and a backfill fills
    computed: tuple[Computed, ...] = ()  # columns that a trigger computes from others, for good
    moved: dict[str, str] = {}  # noqa: RUF012 - old to new column: all that hangs on the old is carried to the new
    kinds: dict[str, TypeName] = {}  # noqa: RUF012 - of new columns that are of another type than the old ones
    words: dict[str, str] = {}  # noqa: RUF012 - literals, and types behind ::, of what is carried, and what they become
    tells_of: tuple[Name, str] | None = None  # the column of which ``expand`` only says something, and does nothing
    backfill: tuple[Said, ...] = ()
    filled: tuple[Step, ...] = ()  # expand after the backfill: what needs, or would slow down, the filling
    contract: tuple[Step, ...] = ()  # before the table's one transaction
    removal: tuple[Said, ...] = ()
    afterwards: tuple[Step, ...] = ()  # contract, after that transaction
    revert: tuple[Step, ...] = ()  # before the table's one transaction
    undoing: tuple[Said, ...] = ()
    irreversible: str = ""  # why there can be no revert
