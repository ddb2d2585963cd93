"""One thing carried from a column to another: where it comes from, and what it needs in each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.recipes.parts.hanging import with_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.recipes.parts.ground import Ground
    from zdmigrate.recipes.parts.hanging import Hanging
    from zdmigrate.recipes.parts.phased import Said, Step
    from zdmigrate.schema.operations import TypeName
    from zdmigrate.schema.relations import Table


class Load(NamedTuple):
    """One thing carried; ``ahead`` and ``behind`` stand in contract's transaction before and after the old goes."""

    expand: tuple[Step, ...] = ()
    filled: tuple[Step, ...] = ()
    contract: tuple[Step, ...] = ()
    ahead: tuple[Said, ...] = ()
    behind: tuple[Said, ...] = ()
    revert: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


class Move(NamedTuple):
    """From which columns of a table to which: all that a file copies there, for an index may name two of them."""

    table: Table
    names: dict[str, str]
    ground: Ground
    changed: frozenset[str] = frozenset()  # the old columns whose copies are of another type
    kinds: dict[str, TypeName] = {}  # noqa: RUF012 - of new columns that are of another type
    downs: dict[str, str] = {}  # noqa: RUF012 - old columns as expressions over the new ones, of the old type

    def changes_type_of(self, each: Hanging) -> bool:
        return not self.changed.isdisjoint(each.columns)

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {self.ground.spelled(self.table.name)}"

    def named(self, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.names.get(column, column) for column in columns)

    def renamed(self, each: Hanging) -> str:
        return with_names(each, self.names).sql
