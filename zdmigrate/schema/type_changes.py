"""What ALTER COLUMN TYPE does to the rows: nothing, reads them all, or writes each anew.

The changes that leave the rows alone are facts about PostgreSQL 14 to 18, measured by test_effects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zdmigrate.schema.conditions import tokens_of
from zdmigrate.schema.filling import base_type, is_constrained_domain
from zdmigrate.schema.intervals import keeps_interval
from zdmigrate.schema.type_names import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import AlterColumnType, TypeName
    from zdmigrate.schema.relations import Index, Table, TableColumn
    from zdmigrate.schema.state import ScriptState

# The zones without any offset, ever, as SET TimeZone may name them; measured by test_type_changes.
_UTC = r"(etc/)?(utc|gmt|uct|zulu|universal|greenwich)|(etc/)?gmt[+-]?0|utc[+-]?0|[+-]?0+(:00)*|<[+-]?\w+>[+-]?0+"
_STAMPS = {"timestamp with time zone", "timestamp without time zone"}
_WITH_PRECISION = {*_STAMPS, "time with time zone", "time without time zone"}
_FINEST = 6  # digits of a second; what a type without precision keeps

# Casts of pg_cast that change no byte (castmethod b), as far as columns have such types; the length comes apart.
_RELABELLED = {
    "text": ("character varying", "character"),
    "character varying": ("text", "character"),
    "xml": ("text", "character varying", "character"),
    "cidr": ("inet",),
    "bit": ("bit varying",),
    "bit varying": ("bit",),
}
_LIKE_OID = frozenset(name for name in BUILT_IN if name == "oid" or (name.startswith("reg") and name != "refcursor"))
# Pairs whose indexes have the same order, and so are kept.
_SAME_ORDER = ({"text", "character varying"}, {"cidr", "inet"})


def type_change(operation: AlterColumnType, catalog: Catalog, state: ScriptState) -> str:
    """none, scan (for a CHECK or an index) or rewrite; rewrite where the old type is not known."""
    table = catalog.table(operation.relation)
    column = None if table is None else table.columns.get(operation.column)
    if table is None or column is None or column.type is None:
        return "rewrite"
    if not keeps_rows(column.type, operation.type, catalog, state) or not _is_plain(operation):
        return "rewrite"
    return "scan" if _is_checked(operation, table) or rebuilt_indexes(operation, catalog) else "none"


def type_reason(operation: AlterColumnType, catalog: Catalog, state: ScriptState) -> str:
    """Why rows are touched: unknown, using, time zone, domain or values for a rewrite, check or index for a scan."""
    change, column = type_change(operation, catalog, state), catalog.column(operation.relation, operation.column)
    if change == "none":
        return ""
    if column is None or column.type is None:
        return "unknown"
    if change == "scan":
        table = catalog.table(operation.relation)
        return "check" if table is not None and _is_checked(operation, table) else "index"
    if not _is_plain(operation):
        return "using"
    old, new = base_type(column.type, catalog), base_type(operation.type, catalog)
    if {old.name, new.name} == _STAMPS and _precision(new) >= _precision(old):
        return "time zone"
    return "domain" if is_constrained_domain(operation.type, catalog) is not False and _same(old, new) else "values"


def _is_checked(operation: AlterColumnType, table: Table) -> bool:
    return any(kept.type == "check" and operation.column in kept.columns for kept in table.constraints.values())


def rebuilt_indexes(operation: AlterColumnType, catalog: Catalog) -> tuple[Index, ...]:
    """The indexes that have to be built anew although the rows stay: of another order, or over an expression."""
    table = catalog.table_or_new(operation.relation) if operation.relation else None
    column = None if table is None else table.columns.get(operation.column)
    if table is None or column is None:
        return ()
    return tuple(_rebuilt(operation, column, catalog.indexes_of(table.name), catalog))


def _rebuilt(
    operation: AlterColumnType, column: TableColumn, indexes: Iterator[Index], catalog: Catalog
) -> Iterator[Index]:
    kept = operation.collation == column.collation and _keeps_order(column.type, operation.type, catalog)
    for index in indexes:
        if operation.column in index.mentioned or (operation.column in index.columns and not kept):
            yield index


def _keeps_order(old: TypeName | None, new: TypeName, catalog: Catalog) -> bool:
    names = {None if old is None else base_type(old, catalog).name, base_type(new, catalog).name}
    return len(names) == 1 or names in _SAME_ORDER


def _is_plain(operation: AlterColumnType) -> bool:
    """Whether USING is absent, or says no more than the column, or its cast to the new type."""
    if operation.using is None:
        return True
    said, new = tokens_of(operation.using.sql), tokens_of(operation.type.sql)
    column = operation.column
    return said in ((column,), (column, "::", *new), ("cast", "(", column, "as", *new, ")"))


# --------------------------------------------------------------------------- old and new type


def keeps_rows(old: TypeName, new: TypeName, catalog: Catalog, state: ScriptState) -> bool:
    """Whether every stored value of the old type is, byte for byte, one of the new."""
    if old == new or (_same(old, new) and old.modifiers == new.modifiers and old.array == new.array):
        return True
    if is_constrained_domain(new, catalog) is not False:
        return False
    old, new = base_type(old, catalog), base_type(new, catalog)
    if old.array or new.array:  # elements are cast one by one, unless there is no length to check
        return old.array and new.array and _same(old, new) and (not new.modifiers or old.modifiers == new.modifiers)
    if _same(old, new):
        return old.modifiers == new.modifiers or _is_wider(old, new)
    if not _built_in(old) or not _built_in(new):
        return False
    return _is_other_stamp(old, new, state) or _is_relabelled(old, new)


def _built_in(type_name: TypeName) -> bool:
    return type_name.schema in (None, "pg_catalog") and type_name.name in BUILT_IN


def _same(old: TypeName, new: TypeName) -> bool:
    return old.name == new.name and (old.schema or "") == (new.schema or "")


def _is_other_stamp(old: TypeName, new: TypeName, state: ScriptState) -> bool:
    """With and without time zone are the same bytes where the session's zone is UTC, as it must say itself."""
    zone = state.settings.get("timezone", "").strip("'\"").lower()
    is_utc = re.fullmatch(_UTC, zone) is not None
    return is_utc and {old.name, new.name} == _STAMPS and _precision(new) >= _precision(old)


def _is_relabelled(old: TypeName, new: TypeName) -> bool:
    if old.name in (*_LIKE_OID, "integer") and new.name in (*_LIKE_OID, "integer"):
        return "integer" in (old.name, new.name) or "oid" in (old.name, new.name)
    return new.name in _RELABELLED.get(old.name, ()) and not new.modifiers


def _is_wider(old: TypeName, new: TypeName) -> bool:
    if old.name == "interval":
        return keeps_interval(old.modifiers, new.modifiers)
    if not new.modifiers:
        return True
    if old.name in ("character varying", "bit varying"):
        return _is_longer(old, new)
    if old.name == "numeric":
        return bool(old.modifiers) and _scale(new) == _scale(old) and new.modifiers[0] >= old.modifiers[0]
    return old.name in _WITH_PRECISION and _precision(new) >= _precision(old)


def _is_longer(old: TypeName, new: TypeName) -> bool:
    return bool(old.modifiers) and new.modifiers[0] >= old.modifiers[0]


def _scale(type_name: TypeName) -> int:
    return type_name.modifiers[1] if len(type_name.modifiers) > 1 else 0


def _precision(type_name: TypeName) -> int:
    return type_name.modifiers[0] if type_name.modifiers else _FINEST
