"""Whether an expression gives each row a value of its own: whether it calls a volatile function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.operations import Expression

# SQL's own spellings, which are no rows of pg_proc; each is constant within a transaction.
_SPELLINGS = (
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user system_user user coalesce nullif greatest least grouping xmlconcat xmlelement "
    "xmlforest xmlparse xmlpi xmlroot xmlserialize json_array json_object json_scalar json_serialize json_exists "
    "json_query json_value json_arrayagg json_objectagg treat normalize"
)
_SPELLED_BY_SQL = frozenset(_SPELLINGS.split())
_VOLATILE = "volatile"


def is_volatile(expression: Expression, catalog: Catalog) -> bool:
    """Whether it calls a function that is volatile, or of which nothing is known."""
    return any(volatility_of(call, catalog) == _VOLATILE for call in expression.calls)


def volatility_of(function: Name, catalog: Catalog) -> str:
    """volatile, or "stable" for stable and immutable alike; a function that nobody made is volatile."""
    for known in _candidates(function, catalog):
        if known in catalog.functions:
            return _VOLATILE if catalog.functions[known] == _VOLATILE else "stable"
    return "stable" if _is_steady(function) else _VOLATILE


def is_built_in(function: Name) -> bool:
    """Whether it is PostgreSQL's own: what it does is known, and it changes no table."""
    from zdmigrate.schema.volatile_functions import VOLATILE

    return _is_steady(function) or (function.schema in (None, "pg_catalog") and function.name in VOLATILE)


def is_known(function: Name, catalog: Catalog) -> bool:
    """Whether somebody has made it, a file of the history or PostgreSQL itself."""
    return is_built_in(function) or any(known in catalog.functions for known in _candidates(function, catalog))


def _candidates(function: Name, catalog: Catalog) -> list[Name]:
    if function.schema is not None:
        return [function]
    return [Name(schema, function.name) for schema in catalog.search_path]


def _is_steady(function: Name) -> bool:
    # The list is long, and most files have no default that calls anything.
    from zdmigrate.schema.volatile_functions import NOT_VOLATILE

    if function.schema not in (None, "pg_catalog"):
        return False
    return function.name in NOT_VOLATILE or function.name in _SPELLED_BY_SQL
