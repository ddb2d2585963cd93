"""Two sides of the same facts: what is kept in step while old and new versions write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.schema.names import Name


class Pair(Value):
    """The columns of an old and of a new side, each with the expression that derives it from the other side.

    ``up`` and ``down`` are total and immutable, and give NULL for NULL: an app's write never fails because of them.
    ``exact`` says that ``up(down(new))`` is ``new`` for every value: a copy. Else the new side may hold what the old
    cannot, and a row whose old side is what ``down`` makes of the new is in step.
    """

    table: Name
    up: tuple[tuple[str, str], ...]  # new column, expression over old columns
    down: tuple[tuple[str, str], ...]  # old column, expression over new columns
    fill: tuple[tuple[str, str], ...] = ()  # what the backfill uses instead of up: it may fail, and stops at the row
    exact: bool = True
    fills_null: bool = False  # up may give a value for NULL: a new side that is NULL is then one that is not filled

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(column for column, _ in self.up)

    @property
    def old(self) -> tuple[str, ...]:
        return tuple(column for column, _ in self.down)
