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
           pg_catalog.concat(
               (SELECT pg_catalog.format(' COLLATE %%I.%%I', s.nspname, l.collname) FROM pg_catalog.pg_collation AS l
                JOIN pg_catalog.pg_namespace AS s ON s.oid = l.collnamespace
                JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
                WHERE l.oid = t.typcollation AND l.oid <> b.typcollation),
               ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END),
           (SELECT pg_catalog.array_agg(pg_catalog.format('ADD CONSTRAINT %%I %%s', k.conname,
                                                          pg_catalog.pg_get_constraintdef(k.oid)) ORDER BY k.oid)
            FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c'),
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
# Its owner where it is not who asks, who makes the copy; and everybody may call a new one.
_OF_FUNCTIONS = """
    SELECT pg_catalog.format(said.words, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                             p.oid::pg_catalog.regprocedure, said.value)
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL (
        SELECT 1, 'ALTER %%s %%s OWNER TO %%I', pg_catalog.pg_get_userbyid(p.proowner)
        WHERE pg_catalog.pg_get_userbyid(p.proowner) <> current_user
        UNION ALL SELECT 2, 'REVOKE ALL ON %%s %%s FROM PUBLIC', NULL WHERE p.proacl IS NOT NULL
        UNION ALL
        SELECT 3, 'GRANT EXECUTE ON %%s %%s TO ' || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE '%%I' END
               || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END,
               CASE WHEN grantee <> 0 THEN pg_catalog.pg_get_userbyid(grantee) END
        FROM pg_catalog.aclexplode(p.proacl) WHERE grantee <> p.proowner
        UNION ALL
        SELECT 4, 'COMMENT ON %%s %%s IS %%L', pg_catalog.obj_description(p.oid, 'pg_proc')
        WHERE pg_catalog.obj_description(p.oid, 'pg_proc') IS NOT NULL
    ) AS said (place, words, value)
    WHERE p.proname = ANY (%s) AND p.prokind IN ('f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY p.oid, said.place
"""
_VIEWS = """
    SELECT v.oid::bigint, n.nspname, v.relname, pg_catalog.array_to_string(v.reloptions, ', '),
           pg_catalog.pg_get_viewdef(v.oid)
    FROM pg_catalog.pg_class AS v JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    WHERE v.oid = ANY (%s::oid[]) AND v.relkind = 'v' ORDER BY v.oid
"""


def types_said(rows: Rows) -> Iterator[str]:
    for schema, name, kind, base, clauses, constraints, labels in rows(_TYPES, ()):
        said = f"{spelled(schema)}.{spelled(name)}"
        if kind == "d":
            yield f"CREATE DOMAIN {said} AS {base}{clauses}"
            yield from (f"ALTER DOMAIN {said} {each}" for each in constraints or ())
        elif kind == "e":
            yield f"CREATE TYPE {said} AS ENUM ({labels or ''})"
        else:
            yield f"CREATE TYPE {said} AS {'RANGE (SUBTYPE = integer)' if kind == 'r' else '()'}"


def functions_said(rows: Rows, names: Iterable[Name]) -> Iterator[str]:
    named = [name.name for name in names]
    for query in (_FUNCTIONS, _OF_FUNCTIONS):
        yield from (said for (said,) in rows(query, [named]))


def view_said(schema: str, name: str, options: str | None, query: str) -> str:
    """What stands behind CREATE VIEW; WITH CHECK OPTION is one of its options, too."""
    said = f" WITH ({options})" if options else ""
    return f"{spelled(schema)}.{spelled(name)}{said} AS {query.rstrip('; ')}"


def views_said(rows: Rows, related: list[int], privileges: str) -> Iterator[str]:
    """The views that are named themselves, with who may use them; ``privileges`` is the query for those."""
    for oid, schema, name, options, query in rows(_VIEWS, [related]):
        yield f"CREATE VIEW {view_said(schema, name, options, query)}"
        yield from (said for (said,) in rows(privileges, [[oid]]))
