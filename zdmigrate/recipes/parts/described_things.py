"""What a database has besides tables, described in SQL by itself: enums and other types, functions, views by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zdmigrate.schema.names import Name

    Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

# Multiranges come with their ranges.
_TYPES = """
    SELECT n.nspname, t.typname, t.typtype, pg_catalog.format_type(t.typbasetype, t.typtypmod),
           t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid),
           (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
            FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid)
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY t.oid
"""
# Only those that the file names: an extension may have thousands.
_FUNCTIONS = """
    SELECT pg_catalog.pg_get_functiondef(p.oid)
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.proname = ANY (%s) AND p.prokind IN ('f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY p.oid
"""
_VIEWS = """
    SELECT v.oid::bigint, n.nspname, v.relname, pg_catalog.pg_get_viewdef(v.oid)
    FROM pg_catalog.pg_class AS v JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    WHERE v.oid = ANY (%s::oid[]) AND v.relkind = 'v' ORDER BY v.oid
"""


def types_said(rows: Rows) -> Iterator[str]:
    for schema, name, kind, base, constrained, labels in rows(_TYPES, ()):
        said = f"{spelled(schema)}.{spelled(name)}"
        if kind == "d":
            yield f"CREATE DOMAIN {said} AS {base}{' NOT NULL' if constrained else ''}"
        elif kind == "e":
            yield f"CREATE TYPE {said} AS ENUM ({labels or ''})"
        else:
            yield f"CREATE TYPE {said} AS {'RANGE (SUBTYPE = integer)' if kind == 'r' else '()'}"


def functions_said(rows: Rows, names: Iterable[Name]) -> Iterator[str]:
    yield from (said for (said,) in rows(_FUNCTIONS, [[name.name for name in names]]))


def views_said(rows: Rows, related: list[int], privileges: str) -> Iterator[str]:
    """The views that are named themselves, with who may use them; ``privileges`` is the query for those."""
    for oid, schema, name, query in rows(_VIEWS, [related]):
        yield f"CREATE VIEW {spelled(schema)}.{spelled(name)} AS {query.rstrip('; ')}"
        yield from (said for (said,) in rows(privileges, [[oid]]))
