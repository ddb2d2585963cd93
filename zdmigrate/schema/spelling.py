"""Names as SQL spells them: quoted where PostgreSQL would fold them or take them for a keyword."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.schema.catalog import Catalog

# pg_get_keywords() of PostgreSQL 18, categories R and T: not allowed as a column's or table's name unquoted.
_WORDS = (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate "
    "collation column concurrently constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user default deferrable desc distinct do else end "
    "except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into "
    "is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on "
    "only or order outer overlaps placing primary references returning right select session_user similar some "
    "symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when "
    "where window with"
)
RESERVED = frozenset(_WORDS.split())


def spelled(identifier: str) -> str:
    """The identifier as it can be pasted into SQL."""
    plain = identifier.isascii() and identifier.isidentifier() and identifier.islower() and identifier not in RESERVED
    return identifier if plain or not identifier else '"' + identifier.replace('"', '""') + '"'


def spelled_name(name: Name) -> str:
    """``users``, ``app.users``, ``app."order"``."""
    return spelled(name.name) if name.schema is None else f"{spelled(name.schema)}.{spelled(name.name)}"


def spelled_list(identifiers: tuple[str, ...]) -> str:
    """Between commas; what stands for an expression, "", as an ellipsis."""
    return ", ".join(spelled(identifier) or "…" for identifier in identifiers)


def short_name(name: Name, catalog: Catalog) -> str:
    """The name without its schema where the search path finds it so."""
    short = Name(None, name.name)
    return spelled_name(short if catalog.resolve(short) == name else name)


def short_names(names: Iterable[Name], catalog: Catalog) -> str:
    """Between commas, each once."""
    return ", ".join(short_name(name, catalog) for name in dict.fromkeys(names))
