"""What the catalog knows of one table, view or index: values that need no catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Expression, TypeName


class TableColumn(Value):
    """A column as history leaves it; ``type`` is None where history never said."""

    name: str
    type: TypeName | None = None
    not_null: bool = False
    default: Expression | None = None
    identity: str | None = None
    generated: str | None = None
    generation: Expression | None = None
    collation: Name | None = None


class TableConstraint(Value):
    """A constraint as history leaves it; ``type`` is that of ``operations.Constraint``, "" where unknown."""

    name: str
    type: str = ""
    columns: tuple[str, ...] = ()
    validated: bool = True
    enforced: bool = True
    expression: Expression | None = None
    filled: tuple[str, ...] = ()  # the columns that a CHECK does not let be NULL
    references: Name | None = None
    index: Name | None = None


class Table(Value):
    """A table; ``complete`` says that its CREATE TABLE was seen, so that what is not here is not there."""

    name: Name
    columns: Mapping[str, TableColumn] = {}
    constraints: Mapping[str, TableConstraint] = {}
    complete: bool = False
    persistence: str = "permanent"
    partitioned: bool = False
    partition_key: tuple[str, ...] = ()
    partition_of: Name | None = None
    default_partition: bool = False
    inherits: tuple[Name, ...] = ()
    triggers: frozenset[str] = frozenset()
    row_security: bool = False
    trigger_functions: dict[str, Name] = {}  # noqa: RUF012 - by the trigger's name
    readers: dict[str, frozenset[str]] = {}  # noqa: RUF012 - "policy own" and the columns that it names
    children: tuple[Name, ...] = ()  # partitions and tables that inherit from it
    referencing: tuple[Name, ...] = ()  # tables with a foreign key to it, perhaps itself
    indexes: tuple[Name, ...] = ()

    @property
    def parents(self) -> tuple[Name, ...]:
        """The tables through which its rows are seen as well."""
        return self.inherits if self.partition_of is None else (self.partition_of,)


class Index(Value):
    """An index; ``constraint`` is the name of the constraint that it backs."""

    name: Name
    table: Name
    columns: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    unique: bool = False
    partial: bool = False
    constraint: str | None = None
    mentioned: tuple[str, ...] = ()  # columns of its expressions and its WHERE

    def names(self, column: str) -> bool:
        """Whether it goes when the column goes."""
        return column in self.columns or column in self.included or column in self.mentioned


class Domain(Value):
    """A domain; ``constrained`` where it, or one that it is made from, has a CHECK or NOT NULL."""

    base: TypeName | None = None
    constrained: bool = True


class View(Value):
    name: Name
    sources: tuple[Name, ...] = ()
    columns: frozenset[str] = frozenset()  # every column that its query names; "*" where it may read all
    calls: tuple[Name, ...] = ()  # every function that its query names
    materialized: bool = False
    populated: bool = True  # false for WITH NO DATA, of which nobody can read
