"""What ALTER COLUMN TYPE does to the rows: nothing, reads them for a CHECK, or writes each anew.

The list of changes that leave the rows alone is facts of PostgreSQL 14 to 18, measured by test_type_changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.filling import is_constrained_domain
from zdmigrate.schema.type_names import BUILT_IN

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import AlterColumnType, TypeName
    from zdmigrate.schema.state import ScriptState

_UTC = frozenset(("utc", "gmt", "uct", "zulu", "universal", "greenwich", "etc/utc", "etc/gmt", "etc/uct", "etc/zulu"))
_STAMPS = {"timestamp with time zone", "timestamp without time zone"}
# For an interval the modifiers are a mask of fields and the precision; comparing them would need the server.
_WITH_PRECISION = {*_STAMPS, "time with time zone", "time without time zone"}
_FINEST = 6  # digits of a second; what a type without precision keeps


def type_change(operation: AlterColumnType, catalog: Catalog, state: ScriptState) -> str:
    """none, scan or rewrite; rewrite where the old type is not known."""
    table = catalog.table(operation.relation)
    column = None if table is None else table.columns.get(operation.column)
    if table is None or column is None or column.type is None:
        return "rewrite"
    if not keeps_rows(column.type, operation.type, catalog, state) or not _is_plain(operation):
        return "rewrite"
    checked = any(kept.type == "check" and operation.column in kept.columns for kept in table.constraints.values())
    return "scan" if checked and column.type != operation.type else "none"


def _is_plain(operation: AlterColumnType) -> bool:
    """Whether USING is absent, or says no more than the column."""
    using = operation.using
    return using is None or (not using.calls and using.sql.strip('() \t\n"').lower() == operation.column.lower())


def keeps_rows(old: TypeName, new: TypeName, catalog: Catalog, state: ScriptState) -> bool:
    """Whether every stored value of the old type is, byte for byte, one of the new."""
    if old.array or new.array:
        return old.array and new.array and _same(old, new) and old.modifiers == new.modifiers
    if is_constrained_domain(new, catalog) is False and _is_domain(new, catalog):
        return False
    if not _built_in(old) or not _built_in(new):
        return _same(old, new) and old.modifiers == new.modifiers and is_constrained_domain(new, catalog) is False
    if _same(old, new):
        return old.modifiers == new.modifiers or _is_wider(old, new)
    if {old.name, new.name} == _STAMPS:
        zone = state.settings.get("timezone", "").strip("'\"").lower()
        return zone in _UTC and _precision(new) >= _precision(old)
    return (old.name, new.name) in _RELABELLED and not new.modifiers


def _built_in(type_name: TypeName) -> bool:
    return type_name.schema in (None, "pg_catalog") and type_name.name in BUILT_IN


def _is_domain(type_name: TypeName, catalog: Catalog) -> bool:
    return any(name.name == type_name.name for name in catalog.domains)


def _same(old: TypeName, new: TypeName) -> bool:
    return old.name == new.name and (old.schema or "") == (new.schema or "")


# Same bytes, another name: binary-coercible casts without a length to check.
_RELABELLED = frozenset(
    (
        ("character varying", "text"),
        ("text", "character varying"),
        ("cidr", "inet"),
        ("bit", "bit varying"),
        ("xml", "text"),
        ("xml", "character varying"),
    )
)


def _is_wider(old: TypeName, new: TypeName) -> bool:
    if not new.modifiers:
        return old.name not in ("character", "bit")
    if not old.modifiers:
        return False
    if old.name in ("character varying", "bit varying"):
        return new.modifiers[0] >= old.modifiers[0]
    if old.name == "numeric":
        return _scale(new) == _scale(old) and new.modifiers[0] >= old.modifiers[0]
    return old.name in _WITH_PRECISION and _precision(new) >= _precision(old)


def _scale(type_name: TypeName) -> int:
    return type_name.modifiers[1] if len(type_name.modifiers) > 1 else 0


def _precision(type_name: TypeName) -> int:
    return type_name.modifiers[0] if type_name.modifiers else _FINEST
