"""The schema as history leaves it, as far as history was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zdmigrate.schema.history import schema_after
from zdmigrate.schema.layers import also
from zdmigrate.schema.names import Name
from zdmigrate.schema.relations import Table
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zdmigrate.schema.operations import CreateFunction, Operation
    from zdmigrate.schema.relations import Domain, Index, TableColumn, TableConstraint, View

TEMPORARY = "pg_temp"


Right = tuple[str, "Name | None", str]  # the object's type, its name, and who has the right


class Catalog(Value):
    """An immutable schema. ``Catalog()`` knows nothing; ``after`` gives the schema that an operation leaves.

    Every name in it carries a schema: one that SQL left out is the first of ``search_path`` that has such a
    relation, else the path's first. ``home_path`` is the path that every session starts with.
    """

    _computed: ClassVar[tuple[str, ...]] = ("_resolved",)
    tables: Mapping[Name, Table] = {}
    indexes: Mapping[Name, Index] = {}
    rights: Mapping[Name | None, Mapping[Right, bool]] = {}  # given, or taken, by the last of GRANT and REVOKE ALL
    gone_indexes: frozenset[Name] = frozenset()  # those that history has dropped, of which IF EXISTS finds none
    views: Mapping[Name, View] = {}
    domains: Mapping[Name, Domain] = {}
    types: Mapping[Name, str] = {}  # enum, composite; "" for ranges and others
    functions: Mapping[Name, str] = {}  # volatility
    routines: Mapping[Name, tuple[CreateFunction, ...]] = {}  # all of one name, by their arguments
    search_path: tuple[str, ...] = ("public",)
    home_path: tuple[str, ...] = ("public",)

    def after(self, operation: Operation) -> Catalog:
        """The schema once ``operation`` has run."""
        return schema_after(operation, self)

    def right(self, right: Right) -> bool | None:
        """Whether somebody was given a right, or it was taken; None for neither."""
        return self.rights.get(right[1], {}).get(right)

    def rested(self) -> Catalog:
        """The schema as a new session sees it: the search path is the first one again."""
        return self if self.search_path == self.home_path else self.changed(search_path=self.home_path)

    def resolve(self, name: Name) -> Name:
        """The name with its schema; for a relation never seen, the schema that it would be made in."""
        schema, plain = name
        if schema is not None:
            return Name(TEMPORARY, plain) if schema.startswith(TEMPORARY) else name
        # Of one operation the same name is asked for ten times over. A cached_property's lock would cost as much.
        known: dict[str, Name] = self.__dict__.setdefault("_resolved", {})
        if plain not in known:
            known[plain] = Name(self._schema_of(plain), plain)
        return known[plain]

    def _schema_of(self, plain: str) -> str:
        """The first of the path that has such a relation. A path of one schema is its home, whatever it has."""
        path = self.search_path if len(self.search_path) > 1 else ()
        for schema in (TEMPORARY, *path):
            if self.has((schema, plain)):
                return schema
        return self._home

    @property
    def _home(self) -> str:
        """The schema in which an object is made whose name has none."""
        return self.search_path[0] if self.search_path else "public"

    def new_name(self, name: Name, *, temporary: bool = False) -> Name:
        """The name with the schema in which an object of this name is made."""
        if temporary:
            return Name(TEMPORARY, name.name)
        return name if name.schema is not None else Name(self._home, name.name)

    def has(self, qualified: Name | tuple[str | None, str]) -> bool:
        return qualified in self.tables or qualified in self.indexes or qualified in self.views

    def table(self, name: Name | None) -> Table | None:
        """The table, or None where history never named it."""
        return None if name is None else self.tables.get(self.resolve(name))

    def column(self, table: Name | None, column: str) -> TableColumn | None:
        found = self.table(table)
        return None if found is None else found.columns.get(column)

    def constraint(self, table: Name | None, constraint: str) -> TableConstraint | None:
        found = self.table(table)
        return None if found is None else found.constraints.get(constraint)

    def index(self, name: Name) -> Index | None:
        return self.indexes.get(self.resolve(name))

    def indexes_of(self, table: Name) -> Iterator[Index]:
        """The indexes of a table that are known, those of its constraints among them."""
        found = self.table(table)
        return (self.indexes[name] for name in (found.indexes if found else ()) if name in self.indexes)

    def routines_of(self, name: Name) -> tuple[CreateFunction, ...]:
        """The functions and procedures of a name that history has made, whatever arguments they take."""
        schemas = self.search_path if name.schema is None else (name.schema,)
        return next(
            (self.routines[known] for schema in schemas if (known := Name(schema, name.name)) in self.routines), ()
        )

    def descendants(self, table: Name) -> Iterator[Name]:
        """Partitions and inheriting tables to any depth, the table itself not among them."""
        found = self.table(table)
        for child in found.children if found else ():
            yield child
            yield from self.descendants(child)

    def references_to(self, table: Name) -> Iterator[tuple[Table, TableConstraint]]:
        """The foreign keys that point at a table, with the tables that have them."""
        qualified = self.resolve(table)
        found = self.tables.get(qualified)
        for other in (self.tables.get(name) for name in (found.referencing if found else ())):
            for constraint in other.constraints.values() if other else ():
                if other and constraint.references == qualified:
                    yield other, constraint

    def with_table(self, table: Table) -> Catalog:
        catalog = self.changed(tables=also(self.tables, {table.name: table}))
        if table.name in self.tables:  # no other name has come
            catalog.__dict__["_resolved"] = self.__dict__.setdefault("_resolved", {})
        return catalog

    def table_or_new(self, name: Name) -> Table:
        """The table; where history never named it, one of which nothing is known."""
        qualified = self.resolve(name)
        return self.tables.get(qualified) or Table(name=qualified)
