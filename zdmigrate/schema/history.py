"""What each operation makes of the catalog: one function a kind, those without one leave it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema import dependents
from zdmigrate.schema import history_of_columns as columns
from zdmigrate.schema import history_of_tables as tables
from zdmigrate.schema.constraints import index_name
from zdmigrate.schema.filling import is_constrained_domain
from zdmigrate.schema.layers import also, without
from zdmigrate.schema.names import Name
from zdmigrate.schema.relations import Domain, Index, View
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog, Right


def schema_after(operation: ops.Operation, catalog: Catalog) -> Catalog:
    """The catalog once ``operation`` has run."""
    change = _CHANGES.get(operation.kind)
    if change is None:
        return catalog
    after: Catalog = change(operation, catalog)
    return tables.without_indexes(operation, catalog, after) if operation.kind in _TAKING_INDEXES else after


_TAKING_INDEXES = frozenset(("drop_constraint", "drop_column", "drop_table", "drop_materialized_view"))


# --------------------------------------------------------------------------- indexes, views, partitions


def _create_index(operation: ops.CreateIndex, catalog: Catalog) -> Catalog:
    """Partitions get an index each, under a name of its own, where they have no such index yet."""
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    catalog = _with_index(catalog, operation, table.name)
    if table.partitioned and not operation.only:
        for below in catalog.descendants(table.name):
            own = operation.changed(relation=below, name=None)
            if not any(_is_like(index, operation) for index in catalog.indexes_of(below)):
                catalog = _with_index(catalog, own, below)
    return catalog


def _is_like(index: Index, operation: ops.CreateIndex) -> bool:
    return index.columns == operation.columns and index.unique == operation.unique and not index.partial


def _with_index(catalog: Catalog, operation: ops.CreateIndex, owner: Name) -> Catalog:
    table, name = catalog.table_or_new(owner), index_name(operation, catalog)
    if catalog.has(name):
        return catalog
    index = Index(
        name=name,
        table=table.name,
        columns=operation.columns,
        included=operation.included,
        unique=operation.unique,
        partial=operation.partial,
        mentioned=operation.mentioned,
    )
    if name in catalog.gone_indexes:
        catalog = catalog.changed(gone_indexes=catalog.gone_indexes - {name})
    return catalog.changed(
        tables=also(catalog.tables, {table.name: table.changed(indexes=(*table.indexes, name))}),
        indexes=also(catalog.indexes, {name: index}),
    )


def _drop_index(operation: ops.DropIndex, catalog: Catalog) -> Catalog:
    gone = catalog.resolve(operation.relation or Name(None, ""))
    indexes = without(catalog.indexes, {gone})
    return catalog.changed(indexes=indexes, gone_indexes=catalog.gone_indexes | {gone})


def _rename_index(operation: ops.RenameIndex, catalog: Catalog) -> Catalog:
    return tables.with_index_renamed(catalog, operation.relation or Name(None, ""), operation.new_name)


def _create_view(operation: ops.CreateView, catalog: Catalog) -> Catalog:
    name = catalog.new_name(operation.relation or Name(None, ""), temporary=operation.temporary)
    materialized = operation.kind == "create_materialized_view"
    view = View(
        name=name,
        sources=tuple(map(catalog.resolve, operation.sources)),
        columns=frozenset(operation.columns),
        calls=operation.calls,
        materialized=materialized,
        populated=getattr(operation, "with_data", True),
    )
    return catalog.changed(views=also(catalog.views, {name: view}))


def _refresh_view(operation: ops.RefreshMaterializedView, catalog: Catalog) -> Catalog:
    view = catalog.views.get(catalog.resolve(operation.relation or Name(None, "")))
    if view is None or view.populated == operation.with_data:
        return catalog
    return catalog.changed(views=also(catalog.views, {view.name: view.changed(populated=operation.with_data)}))


def _drop_view(operation: ops.DropRelation, catalog: Catalog) -> Catalog:
    gone = catalog.resolve(operation.relation or Name(None, ""))
    catalog = tables.without_table(catalog, gone)  # what is known of a materialized view's indexes
    return catalog.changed(views=without(catalog.views, {gone}))


def _rename_view(operation: ops.RenameView, catalog: Catalog) -> Catalog:
    old = catalog.resolve(operation.relation or Name(None, ""))
    return tables.with_view_renamed(catalog, old, Name(old.schema, operation.new_name))


def _attach(operation: ops.AttachPartition, catalog: Catalog) -> Catalog:
    return tables.with_parent(catalog, operation.partition, operation.relation, default=operation.default)


def _detach(operation: ops.DetachPartition, catalog: Catalog) -> Catalog:
    return tables.without_parent(catalog, operation.partition, operation.relation)


def _inherit(operation: ops.Inherit, catalog: Catalog) -> Catalog:
    return tables.with_parent(catalog, operation.relation, operation.parent, partition=False)


def _no_inherit(operation: ops.NoInherit, catalog: Catalog) -> Catalog:
    return tables.without_parent(catalog, operation.relation, operation.parent)


def _create_trigger(operation: ops.CreateTrigger, catalog: Catalog) -> Catalog:
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    function = {} if operation.function is None else {operation.name: catalog.new_name(operation.function)}
    columns = frozenset((*operation.columns, *operation.mentioned))
    return catalog.with_table(
        table.changed(
            triggers=table.triggers | {operation.name},
            trigger_functions={**table.trigger_functions, **function},
            readers={**table.readers, f"trigger {spelled(operation.name)}": columns} if columns else table.readers,
        )
    )


def _drop_trigger(operation: ops.DropTrigger, catalog: Catalog) -> Catalog:
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    reader = f"trigger {spelled(operation.name)}"
    return catalog.with_table(
        table.changed(
            triggers=table.triggers - {operation.name},
            trigger_functions={key: kept for key, kept in table.trigger_functions.items() if key != operation.name},
            readers={key: kept for key, kept in table.readers.items() if key != reader},
        )
    )


def _set_row_security(operation: ops.SetRowSecurity, catalog: Catalog) -> Catalog:
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    return catalog.with_table(table.changed(row_security=not operation.disables))


# --------------------------------------------------------------------------- other objects, the session


def _create_function(operation: ops.CreateFunction, catalog: Catalog) -> Catalog:
    name = catalog.new_name(operation.name)
    if name not in catalog.routines and name in catalog.rights:  # made anew, it is PUBLIC's again
        catalog = catalog.changed(rights=without(catalog.rights, {name}))
    others = (known for known in catalog.routines.get(name, ()) if known.arguments != operation.arguments)
    return catalog.changed(
        functions=also(catalog.functions, {name: operation.volatility}),
        routines=also(catalog.routines, {name: (*others, operation)}),
    )


def _grant(operation: ops.Grant, catalog: Catalog) -> Catalog:
    return _with_rights(catalog, rights_of(operation, catalog), given=True)


def _revoke(operation: ops.Revoke, catalog: Catalog) -> Catalog:
    """Of some privileges only, it leaves the others."""
    return _with_rights(catalog, () if operation.privileges else rights_of(operation, catalog), given=False)


def _with_rights(catalog: Catalog, rights: tuple[Right, ...], *, given: bool) -> Catalog:
    told: dict[Name | None, dict[Right, bool]] = {}
    for right in rights:
        told.setdefault(right[1], {**catalog.rights.get(right[1], {})})[right] = given
    return catalog.changed(rights=also(catalog.rights, told)) if told else catalog


def rights_of(operation: ops.Privileges, catalog: Catalog) -> tuple[Right, ...]:
    relation, name = operation.relation, operation.name
    thing = catalog.resolve(relation) if relation else catalog.new_name(name) if name else None
    return tuple((operation.object_type, thing, grantee) for grantee in operation.grantees)


def _create_object(operation: ops.CreateObject, catalog: Catalog) -> Catalog:
    if operation.object_type == "type":
        return catalog.changed(types=also(catalog.types, {catalog.new_name(operation.name): operation.form}))
    if operation.object_type == "domain":
        return catalog.changed(domains=also(catalog.domains, {catalog.new_name(operation.name): Domain()}))
    return catalog


def _drop_object(operation: ops.DropObject, catalog: Catalog) -> Catalog:
    if operation.object_type == "schema":
        return tables.without_schema(catalog, operation.name.name)
    if operation.object_type == "publication":
        return dependents.without_publication(operation.name.name, catalog)
    name = catalog.new_name(operation.name)
    if operation.object_type in ("function", "procedure", "routine"):
        functions, routines = without(catalog.functions, {name}), without(catalog.routines, {name})
        return catalog.changed(functions=functions, routines=routines)
    if operation.object_type in ("type", "domain"):
        return catalog.changed(types=without(catalog.types, {name}), domains=without(catalog.domains, {name}))
    return catalog


def _rename_object(operation: ops.RenameObject, catalog: Catalog) -> Catalog:
    if operation.object_type == "schema":
        return tables.with_schema_renamed(catalog, operation.name.name, operation.new_name)
    old = catalog.new_name(operation.name)
    new = Name(old.schema, operation.new_name)
    if old in catalog.types:
        return catalog.changed(types={new if key == old else key: form for key, form in catalog.types.items()})
    if operation.object_type in ("type", "domain") and old in catalog.domains:
        domains = {new if key == old else key: kept for key, kept in catalog.domains.items()}
        return catalog.changed(domains=domains)
    return catalog


def _create_domain(operation: ops.CreateDomain, catalog: Catalog) -> Catalog:
    """A domain over a domain keeps the constraints of that."""
    name = catalog.new_name(operation.name)
    constrained = operation.constrained or bool(is_constrained_domain(operation.base, catalog))
    domain = Domain(base=operation.base, constrained=constrained)
    return catalog.changed(domains=also(catalog.domains, {name: domain}))


def _domain_constrained(operation: ops.AlterDomain, catalog: Catalog) -> Catalog:
    """A domain that is made from the domain is constrained with it."""
    domain = catalog.new_name(operation.domain)
    catalog = catalog.changed(domains=also(catalog.domains, {domain: _constrained(catalog.domains.get(domain))}))
    for name, known in catalog.domains.items():
        if known.base is not None and is_constrained_domain(known.base, catalog):
            catalog = catalog.changed(domains=also(catalog.domains, {name: _constrained(known)}))
    return catalog


def _constrained(domain: Domain | None) -> Domain:
    return Domain() if domain is None else domain.changed(constrained=True)


def _set_variable(operation: ops.SetVariable, catalog: Catalog) -> Catalog:
    if operation.name not in ("search_path", "all"):
        return catalog
    if operation.value is None:
        return catalog.rested()
    schemas = (part.strip().strip("\"'") for part in operation.value.split(","))
    return catalog.changed(search_path=tuple(schema for schema in schemas if schema and schema != "$user"))


_CHANGES: dict[str, Callable[[Any, Catalog], Catalog]] = {
    **columns.CHANGES,
    **dependents.CHANGES,
    "create_table": tables.create_table,
    "drop_table": tables.drop_table,
    "rename_table": tables.rename_table,
    "set_schema": tables.set_schema,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "rename_index": _rename_index,
    "create_view": _create_view,
    "create_materialized_view": _create_view,
    "refresh_materialized_view": _refresh_view,
    "drop_view": _drop_view,
    "drop_materialized_view": _drop_view,
    "rename_view": _rename_view,
    "attach_partition": _attach,
    "detach_partition": _detach,
    "inherit": _inherit,
    "no_inherit": _no_inherit,
    "create_trigger": _create_trigger,
    "create_function": _create_function,
    "create_object": _create_object,
    "create_domain": _create_domain,
    "drop_object": _drop_object,
    "rename_object": _rename_object,
    "drop_trigger": _drop_trigger,
    "grant": _grant,
    "revoke": _revoke,
    "set_row_security": _set_row_security,
    "add_domain_constraint": _domain_constrained,
    "set_domain_not_null": _domain_constrained,
    "set_variable": _set_variable,
}
