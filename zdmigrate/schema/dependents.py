"""What depends on a column: views, policies, publications, triggers and generated columns, and bodies that name it.

PostgreSQL refuses to drop or to change the type of a column for all but the last (measured on 14 to 18); of what a
function's body names it knows nothing, so that the function fails at its next call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zdmigrate.schema.spelling import short_name, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.relations import View


_CHECKS = " with check"  # behind a policy's spelled name, which would have quotes around such words


def views_reading(tables: Iterable[Name], column: str, catalog: Catalog) -> Iterator[View]:
    """The views that name the column, or whose query may read all columns of the table."""
    for view in catalog.views.values():
        if not view.columns.isdisjoint((column, "*")) and not set(tables).isdisjoint(view.sources):
            yield view


def readers(tables: tuple[Name, ...], column: str, catalog: Catalog) -> tuple[str, ...]:
    """What PostgreSQL knows to depend on the column, in words: view titles, policy own."""
    views = (f"view {short_name(view.name, catalog)}" for view in views_reading(tables, column, catalog))
    others = (reader for table in tables for reader in _on_table(table, column, catalog))
    return tuple(dict.fromkeys((*views, *others)))


def _on_table(table: Name, column: str, catalog: Catalog) -> Iterator[str]:
    known = catalog.tables.get(table)
    if known is None:
        return
    for reader, columns in known.readers.items():
        if not columns.isdisjoint((column, "*")):
            yield reader.removesuffix(_CHECKS)
    for other in known.columns.values():
        if other.generation is not None and column in other.generation.columns:
            yield f"column {spelled(other.name)}"


# --------------------------------------------------------------------------- bodies


def functions_naming(table: Name, column: str, catalog: Catalog) -> Iterator[Name]:
    """The functions whose body names the column: a trigger function of the table as NEW's or OLD's, any beside it."""
    known = catalog.tables.get(table)
    run_by_triggers = set(known.trigger_functions.values()) if known is not None else set()
    of_row = re.compile(rf'(?i)\b(?:new|old)\s*\.\s*"?{re.escape(column)}\b')
    beside = re.compile(rf"(?i)(?=.*\b{re.escape(table.name)}\b).*\b{re.escape(column)}\b", re.DOTALL)
    for name, routines in catalog.routines.items():
        for routine in routines:
            statements = re.split(";", routine.body or "")
            if any(beside.match(text) for text in statements) or (
                name in run_by_triggers and of_row.search(routine.body or "")
            ):
                yield name
                break


# --------------------------------------------------------------------------- how the catalog records them


def _with_reader(catalog: Catalog, table: Name | None, reader: str, columns: Iterable[str] | None) -> Catalog:
    """The catalog once something reads columns of a table; None for what reads it no more."""
    if table is None:
        return catalog
    known = catalog.table_or_new(table)
    others = {name: kept for name, kept in known.readers.items() if name != reader}
    return catalog.with_table(
        known.changed(readers=others if columns is None else {**others, reader: frozenset(columns)})
    )


def _policy(operation: ops.CreatePolicy, catalog: Catalog) -> Catalog:
    """Its two conditions are two readers: ALTER POLICY may change one, and the other stays."""
    reader = f"policy {spelled(operation.name)}"
    for said, columns in ((reader, operation.using), (f"{reader}{_CHECKS}", operation.checked)):
        if columns is not None:
            catalog = _with_reader(catalog, operation.relation, said, columns)
    return catalog


def _no_policy(operation: ops.DropPolicy, catalog: Catalog) -> Catalog:
    reader = f"policy {spelled(operation.name)}"
    catalog = _with_reader(catalog, operation.relation, reader, None)
    return _with_reader(catalog, operation.relation, f"{reader}{_CHECKS}", None)


def _published(operation: ops.PublishTable, catalog: Catalog) -> Catalog:
    columns = None if operation.dropped else operation.columns
    return _with_reader(catalog, operation.relation, f"publication {spelled(operation.name)}", columns)


def without_publication(name: str, catalog: Catalog) -> Catalog:
    for table in [table for table in catalog.tables.values() if f"publication {spelled(name)}" in table.readers]:
        catalog = _with_reader(catalog, table.name, f"publication {spelled(name)}", None)
    return catalog


def with_column_renamed(catalog: Catalog, table: Name, old: str, new: str) -> Catalog:
    """What reads a column goes on to read it under its new name; a view may mean another table's by the old one."""
    views = {view.name: view.changed(columns=view.columns | {new}) for view in views_reading((table,), old, catalog)}
    known = catalog.table_or_new(table)
    if any(old in columns for columns in known.readers.values()):
        renamed = {
            reader: columns - {old} | {new} if old in columns else columns for reader, columns in known.readers.items()
        }
        catalog = catalog.with_table(known.changed(readers=renamed))
    return catalog.changed(views={**catalog.views, **views}) if views else catalog


CHANGES: dict[str, Callable[[Any, Catalog], Catalog]] = {
    "create_policy": _policy,
    "alter_policy": _policy,
    "drop_policy": _no_policy,
    "publish_table": _published,
}
