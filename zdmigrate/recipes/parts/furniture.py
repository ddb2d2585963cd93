"""What hangs on tables, each with the SQL that makes it: read from statements, a history's or a database's own.

The database describes itself in SQL (``described.py``), so that there is one reader for both (``made.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.definitions import key_of_index
from zdmigrate.recipes.parts.hanging import Hanging, with_names
from zdmigrate.recipes.parts.made import labelled_by, made_by
from zdmigrate.recipes.parts.texts import Texts
from zdmigrate.schema import operations as ops
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled_list
from zdmigrate.sql.script import read_script
from zdmigrate.value import Value

if TYPE_CHECKING:
    from zdmigrate.sql.script import Statement


class Furniture(Value):
    """The catalog, and what hangs on its tables."""

    catalog: Catalog = Catalog()
    hanging: tuple[Hanging, ...] = ()
    texts: Texts = Texts()  # of what is no table
    functions: frozenset[Name] = frozenset()
    taken: frozenset[Name] = frozenset()  # other relations' names, which files need not have told
    sizes: dict[Name, int] = {}  # noqa: RUF012 - bytes of default partitions, where the database has told them
    live: bool = False  # the database said it: what is not here is not there

    def on(self, table: Name, column: str | None = None, *kinds: str) -> tuple[Hanging, ...]:
        """What hangs on a table, or on one of its columns."""
        return tuple(
            each
            for each in self.hanging
            if each.table == table and (column is None or column in each.columns) and (not kinds or each.kind in kinds)
        )

    def said_of(self, table: Name, constraint: str) -> str:
        """A constraint's definition, in lower case."""
        found = (each.sql.lower() for each in self.on(table, None, "constraint") if each.name == constraint)
        return next(found, "")

    def sequence_of(self, table: Name, column: str) -> str | None:
        """The sequence of an identity column, where the database has told its name."""
        return next((each.name for each in self.on(table, column, "identity")), None)

    def identity_options(self, table: Name, column: str) -> str:
        """START, INCREMENT and the like of it, as the database has told them."""
        return next((f" {each.sql}" for each in self.on(table, column, "identity")), "")

    def after(self, statement: Statement, text: str) -> Furniture:
        """The furniture once a statement of the file ``text`` has run."""
        furniture = self
        for operation in statement.operations:
            furniture = furniture.after_one(operation, statement, text)
        return furniture

    def after_one(self, operation: ops.Operation, statement: Statement, text: str) -> Furniture:
        """The furniture once one operation of a statement has run."""
        return _after(self, operation, statement, text)

    def with_script(self, text: str) -> Furniture:
        """The furniture once all statements of a script have run."""
        furniture = self
        for statement in read_script(text).statements:
            furniture = furniture.after(statement, text)
        return furniture


def _after(before: Furniture, operation: ops.Operation, statement: Statement, text: str) -> Furniture:
    catalog = before.catalog.after(operation)
    kept = [moved for each in before.hanging if (moved := _moved(each, operation, before.catalog, catalog))]
    new = (
        *made_by(operation, statement, text, before.catalog, catalog),
        *labelled_by(operation, statement, before.hanging),
    )
    if isinstance(operation, ops.AddConstraint) and operation.constraint.using_index is not None:
        kept, new = _taken_over(operation, before, kept, new)
    texts = before.texts.after(operation, statement.text, before.catalog)
    return before.changed(catalog=catalog, hanging=(*kept, *new), texts=texts)


def _taken_over(
    operation: ops.AddConstraint, before: Furniture, kept: list[Hanging], new: tuple[Hanging, ...]
) -> tuple[list[Hanging], tuple[Hanging, ...]]:
    """USING INDEX: the index is the constraint's from now on, and says what the constraint has not said."""
    assert operation.relation is not None
    indexes = before.on(before.catalog.resolve(operation.relation), None, "index")
    found = next((each for each in indexes if each.name == operation.constraint.using_index), None)
    if found is None:
        return kept, new
    definition = key_of_index(found.sql)
    return [each for each in kept if (each.kind, each.name) != ("index", found.name)], tuple(
        each.changed(sql=each.sql.replace(f"({spelled_list(each.columns)})", definition, 1), columns=found.columns)
        for each in new
    )


def _moved(each: Hanging, operation: Any, before: Catalog, after: Catalog) -> Hanging | None:
    """It, as the operation leaves it; None where it is gone."""
    table = None if operation.relation is None else before.resolve(operation.relation)
    here = table == each.table
    match operation:
        case ops.RenameTable() | ops.SetSchema() if here and table not in after.tables:
            new = operation.new_name if isinstance(operation, ops.RenameTable) else each.table.name
            schema = each.table.schema if isinstance(operation, ops.RenameTable) else operation.name
            return each.changed(table=Name(schema, new))
        case ops.RenameConstraint() if here and each.kind == "constraint" and each.name == operation.name:
            return each.changed(name=operation.new_name)
        case ops.RenameIndex(relation=Name(name=name)) if each.kind == "index" and name == each.name:
            return each.changed(name=operation.new_name)
        case ops.RenameColumn() if here and operation.column in each.columns:
            return with_names(each, {operation.column: operation.new_name})
        case ops.AttachIndexPartition(partition=Name(name=name)) if each.kind == "index" and name == each.name:
            return None  # it is a part of its parent's
        case ops.RenameSequence() if each.kind == "identity" and operation.relation == Name(None, each.name):
            return each.changed(name=operation.new_name)
        case ops.DropIdentity() if here and each.kind == "identity" and operation.column in each.columns:
            return None
        case ops.PublishTable(name=name) if here and (each.kind, each.name) == ("publication", name):
            return None  # it is said anew
        case ops.DropObject(object_type="publication", name=Name(name=name)) if each.kind == "publication":
            return None if each.name == name else each
        case ops.DropObject(object_type="function", name=name) if each.name == f"function {name.name}":
            return None
        case ops.CreateFunction(replace=True, name=name) if each.name == f"function {name.name}":
            return None
        case ops.DropPolicy(name=name) if each.name == f"policy {name} of {table}":
            return None
        case ops.DropTrigger() | ops.DropPolicy() if here and each.name == operation.name:
            return None if each.kind in ("trigger", "policy") else each
        case ops.ColumnAction() if here and each.kind == "setting" and operation.kind == each.type:
            return None if operation.column in each.columns else each
        case ops.DropColumn() if here and operation.column in each.columns and each.kind not in ("grant", "view"):
            return None
    return each if _is_there(each, after) else None


def _is_there(each: Hanging, catalog: Catalog) -> bool:
    table = catalog.tables.get(each.table)
    if table is None:
        return False
    if each.kind == "constraint":
        return each.name in table.constraints
    if each.kind == "index":
        return Name(each.table.schema, each.name) in catalog.indexes
    if each.kind == "view":
        return any(str(view) == each.name for view in catalog.views)
    return True
