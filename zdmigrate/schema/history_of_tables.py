"""How the catalog records tables: made, dropped, renamed, put below a parent; and their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.constraints import with_constraints, without_constraints
from zdmigrate.schema.layers import also, without
from zdmigrate.schema.names import Name
from zdmigrate.schema.relations import Table, TableColumn, TableConstraint, View

if TYPE_CHECKING:
    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog

SERIAL = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


def unknown_column(name: str) -> TableColumn:
    return TableColumn(name=name)


def with_column(catalog: Catalog, table: Table, column: ops.Column) -> Catalog:
    """The catalog once a table has got a column, and the constraints written on it."""
    table = table.changed(columns=also(table.columns, {column.name: table_column(column)}))
    catalog = catalog.with_table(table)
    if not column.constraints:
        return catalog
    return with_constraints(catalog, table, [(constraint, column.name) for constraint in column.constraints])


def table_column(column: ops.Column) -> TableColumn:
    """A column as it is once it is there; serial is an integer with a default."""
    serial = column.type.name in SERIAL and column.type.schema is None
    return TableColumn(
        name=column.name,
        type=column.type.changed(name=SERIAL[column.type.name]) if serial else column.type,
        not_null=column.not_null or serial or column.identity is not None,
        default=column.default,
        identity="by default" if serial else column.identity,
        generated=column.generated,
        generation=column.generation,
        collation=column.collation,
    )


def without_column(catalog: Catalog, table: Table, column: str) -> Catalog:
    """The catalog once a table has lost a column, with the constraints and indexes that name it."""
    gone = {name for name, constraint in table.constraints.items() if column in constraint.columns}
    indexed = {index.name for index in catalog.indexes_of(table.name) if index.names(column)}
    catalog = without_constraints(catalog, table.changed(columns=without(table.columns, {column})), gone)
    return catalog.changed(indexes=without(catalog.indexes, indexed))


def with_column_renamed(catalog: Catalog, table: Table, old: str, new: str) -> Catalog:
    """The catalog once a column has another name, in constraints and indexes too."""

    def named(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if column == old else column for column in columns)

    constraints = {
        name: kept.changed(columns=named(kept.columns), filled=named(kept.filled)) if old in kept.columns else kept
        for name, kept in table.constraints.items()
    }
    columns = {
        (new if name == old else name): known.changed(name=new) if name == old else known
        for name, known in table.columns.items()
    }
    changed = {
        index.name: index.changed(
            columns=named(index.columns), included=named(index.included), mentioned=named(index.mentioned)
        )
        for index in catalog.indexes_of(table.name)
    }
    catalog = catalog.with_table(table.changed(columns=columns, constraints=constraints))
    return catalog.changed(indexes=also(catalog.indexes, changed)) if changed else catalog


# --------------------------------------------------------------------------- whole tables


def create_table(operation: ops.CreateTable, catalog: Catalog) -> Catalog:
    written = operation.relation or Name(None, "")
    name = catalog.new_name(written, temporary=operation.persistence == "temporary")
    if operation.if_not_exists and name in catalog.tables:
        return catalog
    table = _inheriting(operation, name, catalog)
    catalog = catalog.with_table(table)
    of_columns = [(constraint, column.name) for column in operation.columns for constraint in column.constraints]
    of_table = [(constraint, None) for constraint in operation.constraints]
    if of_columns or of_table:
        catalog = with_constraints(catalog, table, (*of_columns, *of_table))
    for parent in table.parents:
        catalog = with_parent(catalog, name, parent, default=table.default_partition, partition=not table.inherits)
    return catalog


def _inheriting(operation: ops.CreateTable, name: Name, catalog: Catalog) -> Table:
    """A new table with what it takes from its parents and from LIKE."""
    parents = operation.inherits if operation.partition_of is None else (operation.partition_of,)
    models = [catalog.table_or_new(model) for model in (*parents, *operation.like)]
    own = [model.changed(constraints={}) for model in models[len(parents) :]]  # LIKE alone takes no constraints
    seen = not operation.from_query and not operation.of_type and not operation.like  # INCLUDING says what it takes
    inherited = {column: known for model in models for column, known in model.columns.items()}
    return Table(
        name=name,
        columns=inherited | {column.name: table_column(column) for column in operation.columns},
        constraints={key: kept for model in (*models[: len(parents)], *own) for key, kept in _inherited(model).items()},
        complete=seen and all(model.complete for model in models),
        persistence=operation.persistence,
        partitioned=operation.partitioned,
        partition_key=operation.partition_key,
        partition_of=None if operation.partition_of is None else catalog.resolve(operation.partition_of),
        default_partition=operation.default_partition,
        inherits=tuple(map(catalog.resolve, operation.inherits)),
    )


def _inherited(model: Table) -> dict[str, TableConstraint]:
    return {name: kept for name, kept in model.constraints.items() if kept.type in ("check", "not_null")}


def drop_table(operation: ops.DropTable, catalog: Catalog) -> Catalog:
    return without_table(catalog, catalog.resolve(operation.relation or Name(None, "")))


def without_table(catalog: Catalog, gone: Name) -> Catalog:
    """The catalog once a table is dropped, with its partitions, indexes, and foreign keys that pointed at it."""
    dropped = catalog.tables.get(gone)
    if dropped is None:
        return catalog
    catalog = without_references_to(catalog, gone)
    for parent in dropped.parents:
        catalog = without_parent(catalog, gone, parent)
    for child in dropped.children:
        catalog = without_table(catalog, child)
    return catalog.changed(
        tables=without(catalog.tables, {gone}),
        indexes={name: index for name, index in catalog.indexes.items() if index.table != gone},
    )


def without_references_to(catalog: Catalog, table: Name) -> Catalog:
    """The catalog without the foreign keys that point at a table."""
    for name in {other.name for other, _ in catalog.references_to(table)}:
        other = catalog.tables[name]
        keys = {constraint.name for constraint in other.constraints.values() if constraint.references == table}
        catalog = without_constraints(catalog, other, keys)
    return catalog


def without_schema(catalog: Catalog, schema: str) -> Catalog:
    """The catalog once a schema is dropped with all that is in it."""
    for name in [name for name in catalog.tables if name.schema == schema]:
        catalog = without_table(catalog, name)
    return catalog.changed(views={name: view for name, view in catalog.views.items() if name.schema != schema})


def with_schema_renamed(catalog: Catalog, old: str, new: str) -> Catalog:
    """The catalog with another name for a schema: all that is in it has moved, and its old name is free."""

    def moved(name: Name) -> Name:
        return Name(new, name.name) if name.schema == old else name

    for name in [name for name in catalog.tables if name.schema == old]:
        catalog = with_table_renamed(catalog, name, moved(name))
    return catalog.changed(
        tables={
            name: table.changed(indexes=tuple(map(moved, table.indexes))) for name, table in catalog.tables.items()
        },
        indexes={moved(name): index.changed(name=moved(name)) for name, index in catalog.indexes.items()},
        views={moved(name): view.changed(name=moved(name)) for name, view in catalog.views.items()},
        domains={moved(name): domain for name, domain in catalog.domains.items()},
        types={moved(name): form for name, form in catalog.types.items()},
        functions={moved(name): volatility for name, volatility in catalog.functions.items()},
        routines={moved(name): made for name, made in catalog.routines.items()},
    )


def rename_table(operation: ops.RenameTable, catalog: Catalog) -> Catalog:
    """ALTER TABLE … RENAME TO is allowed for an index and for a view as well."""
    old = catalog.resolve(operation.relation or Name(None, ""))
    if old in catalog.indexes:
        return with_index_renamed(catalog, old, operation.new_name)
    if old in catalog.views:
        return with_view_renamed(catalog, old, Name(old.schema, operation.new_name))
    return with_table_renamed(catalog, old, Name(old.schema, operation.new_name))


def with_view_renamed(catalog: Catalog, old: Name, new: Name) -> Catalog:
    views = without(catalog.views, {old})
    catalog = with_table_renamed(catalog, old, new) if old in catalog.tables else catalog
    return catalog.changed(views=also(views, {new: catalog.views.get(old, View(name=old)).changed(name=new)}))


def set_schema(operation: ops.SetSchema, catalog: Catalog) -> Catalog:
    old = catalog.resolve(operation.relation or Name(None, ""))
    if old in catalog.views:
        return with_view_renamed(catalog, old, Name(operation.name, old.name))
    return with_table_renamed(catalog, old, Name(operation.name, old.name))


def with_table_renamed(catalog: Catalog, old: Name, new: Name) -> Catalog:
    """The catalog with another name for a table wherever the old one stood."""

    def named(names: tuple[Name, ...]) -> tuple[Name, ...]:
        return tuple(new if name == old else name for name in names)

    def moved(table: Table) -> Table:
        return table.changed(
            name=new if table.name == old else table.name,
            partition_of=new if table.partition_of == old else table.partition_of,
            inherits=named(table.inherits),
            children=named(table.children),
            referencing=named(table.referencing),
            constraints={
                key: kept.changed(references=new) if kept.references == old else kept
                for key, kept in table.constraints.items()
            },
        )

    catalog = catalog if old in catalog.tables else catalog.with_table(catalog.table_or_new(old))
    moved_tables = {(table := moved(known)).name: table for known in catalog.tables.values()}
    indexes = {
        name: index.changed(table=new) if index.table == old else index for name, index in catalog.indexes.items()
    }
    return catalog.changed(tables=moved_tables, indexes=indexes)


def with_index_renamed(catalog: Catalog, index: Name, new_name: str) -> Catalog:
    """The catalog with another name for an index; a constraint that it backs is renamed by its own function."""
    old = catalog.resolve(index)
    known = catalog.indexes.get(old)
    if known is None:
        return catalog
    new = Name(old.schema, new_name)
    table = catalog.table_or_new(known.table)
    names = tuple(new if name == old else name for name in table.indexes)
    catalog = catalog.changed(indexes=also(without(catalog.indexes, {old}), {new: known.changed(name=new)}))
    return catalog.with_table(table.changed(indexes=names))


# --------------------------------------------------------------------------- parents


def with_parent(
    catalog: Catalog, child: Name | None, parent: Name | None, *, default: bool = False, partition: bool = True
) -> Catalog:
    """The catalog once a table's rows are seen through a parent as well."""
    if child is None or parent is None:
        return catalog
    above, below = catalog.table_or_new(parent), catalog.table_or_new(child)
    if partition:
        below = below.changed(partition_of=above.name, default_partition=default)
        above = above.changed(partitioned=True)
    else:
        below = below.changed(inherits=tuple(dict.fromkeys((*below.inherits, above.name))))
    above = above.changed(children=tuple(dict.fromkeys((*above.children, below.name))))
    return catalog.with_table(below).with_table(above)


def without_parent(catalog: Catalog, child: Name | None, parent: Name | None) -> Catalog:
    """The catalog once a table stands by itself."""
    if child is None or parent is None:
        return catalog
    above, below = catalog.table_or_new(parent), catalog.table_or_new(child)
    below = below.changed(
        partition_of=None, default_partition=False, inherits=tuple(n for n in below.inherits if n != above.name)
    )
    above = above.changed(children=tuple(name for name in above.children if name != below.name))
    return catalog.with_table(below).with_table(above)


def without_indexes(operation: ops.Operation, before: Catalog, after: Catalog) -> Catalog:
    """What has gone along with a constraint, a column or a table; with a partitioned table's, those below it."""
    table = before.resolve(operation.relation or Name(None, ""))
    known = (index.name for name in (table, *before.descendants(table)) for index in before.indexes_of(name))
    gone = {name for name in known if name not in after.indexes}
    return after.changed(gone_indexes=after.gone_indexes | gone) if gone else after
