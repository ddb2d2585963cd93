"""A database's tables described in SQL, by itself: what a history would have had to say to make them.

One reader (``furniture.py``) then reads both. Only catalogs are read, in one transaction that cannot write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.described_others import others_said
from zdmigrate.recipes.parts.described_things import functions_said, types_said, view_said, views_said
from zdmigrate.recipes.parts.furniture import Furniture
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.names import Name
from zdmigrate.schema.related import RELATED
from zdmigrate.schema.spelling import spelled, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

_TABLES = """
    SELECT c.oid::bigint, n.nspname, c.relname, c.relpersistence = 'u', c.relispartition,
           pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           (SELECT array_agg(pg_catalog.format('%%I.%%I', s.nspname, p.relname))
            FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
            JOIN pg_catalog.pg_namespace AS s ON s.oid = p.relnamespace WHERE i.inhrelid = c.oid)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'p')
    ORDER BY (SELECT count(*) FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid), c.oid
"""
_COLUMNS = """
    SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity,
           pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           CASE WHEN a.attcollation <> t.typcollation THEN
               (SELECT pg_catalog.format('%%I.%%I', n.nspname, l.collname) FROM pg_catalog.pg_collation AS l
                JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_SETTINGS = """
    SELECT pg_catalog.format('ALTER TABLE %%s ALTER COLUMN %%I %%s', pg_catalog.format('%%I.%%I', n.nspname, c.relname),
                             a.attname, said.what)
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (VALUES
        (CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN 'SET STATISTICS ' || a.attstattarget END),
        (CASE WHEN a.attstorage <> t.typstorage THEN 'SET STORAGE ' || CASE a.attstorage
            WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),
        (CASE a.attcompression WHEN 'p' THEN 'SET COMPRESSION pglz' WHEN 'l' THEN 'SET COMPRESSION lz4' END),
        (CASE WHEN a.attoptions IS NOT NULL THEN 'SET (' || array_to_string(a.attoptions, ', ') || ')' END)
    ) AS said (what)
    WHERE a.attrelid = ANY (%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND said.what IS NOT NULL
    ORDER BY a.attrelid, a.attnum
"""
_CONSTRAINTS = """
    SELECT pg_catalog.format('ALTER TABLE %%I.%%I ADD CONSTRAINT %%I ', n.nspname, c.relname, k.conname)
           || CASE WHEN x.reloptions IS NULL THEN pg_catalog.pg_get_constraintdef(k.oid) ELSE
              pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), '( DEFERRABLE.*)?$',
                  ' WITH (' || pg_catalog.array_to_string(x.reloptions, ', ') || ')\\1') END
    FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class AS x ON x.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
    WHERE k.conrelid = ANY (%s::oid[]) AND k.contype IN ('c', 'f', 'p', 'u', 'x')
      AND k.conparentid = 0 AND k.conislocal
    ORDER BY k.contype = 'f', k.oid
"""
_INDEXES = """
    SELECT pg_catalog.pg_get_indexdef(i.indexrelid)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY (%s::oid[]) AND i.indisvalid AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
    ORDER BY i.indexrelid
"""
_COMMENTS = """
    SELECT pg_catalog.format('COMMENT ON COLUMN %%I.%%I.%%I IS %%L', n.nspname, c.relname, a.attname, d.description)
    FROM pg_catalog.pg_description AS d JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
    WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0 AND d.objoid = ANY (%s::oid[])
    UNION ALL
    SELECT pg_catalog.format('COMMENT ON INDEX %%I.%%I IS %%L', n.nspname, c.relname, d.description)
    FROM pg_catalog.pg_description AS d JOIN pg_catalog.pg_index AS i ON i.indexrelid = d.objoid
    JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0 AND i.indrelid = ANY (%s::oid[])
    UNION ALL
    SELECT pg_catalog.format('COMMENT ON CONSTRAINT %%I ON %%I.%%I IS %%L', k.conname, n.nspname, c.relname,
                             d.description)
    FROM pg_catalog.pg_description AS d JOIN pg_catalog.pg_constraint AS k ON k.oid = d.objoid
    JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE d.classoid = 'pg_catalog.pg_constraint'::regclass AND k.conrelid = ANY (%s::oid[])
"""
_GRANTS = """
    SELECT pg_catalog.format('GRANT %%s (%%I) ON %%I.%%I TO %%s%%s', acl.privilege_type, a.attname, n.nspname,
               c.relname, CASE acl.grantee WHEN 0 THEN 'PUBLIC'
                          ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee)) END,
               CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace, pg_catalog.aclexplode(a.attacl) AS acl
    WHERE a.attrelid = ANY (%s::oid[]) AND NOT a.attisdropped AND a.attnum > 0
    ORDER BY a.attrelid, a.attnum, acl.privilege_type, acl.grantee
"""
_PRIVILEGES = """
    SELECT pg_catalog.format('GRANT %%s ON %%I.%%I TO %%s%%s', acl.privilege_type, n.nspname, c.relname,
               CASE acl.grantee WHEN 0 THEN 'PUBLIC'
               ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee)) END,
               CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace,
         pg_catalog.aclexplode(c.relacl) AS acl
    WHERE c.oid = ANY (%s::oid[]) AND acl.grantee <> c.relowner AND acl.privilege_type <> 'MAINTAIN'
    ORDER BY c.oid, acl.privilege_type, acl.grantee
"""
_STATISTICS = """
    SELECT pg_catalog.pg_get_statisticsobjdef(oid) FROM pg_catalog.pg_statistic_ext
    WHERE stxrelid = ANY (%s::oid[]) ORDER BY oid
"""
_LABELS = """
    SELECT pg_catalog.format('ALTER TABLE %%I.%%I %%s %%I', n.nspname, c.relname, said.what, x.relname)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    CROSS JOIN LATERAL (VALUES (CASE WHEN i.indisreplident THEN 'REPLICA IDENTITY USING INDEX' END),
                               (CASE WHEN i.indisclustered THEN 'CLUSTER ON' END)) AS said (what)
    WHERE c.oid = ANY (%s::oid[]) AND said.what IS NOT NULL ORDER BY i.indexrelid
"""
_STATISTICS_OF_INDEXES = """
    SELECT pg_catalog.format('ALTER INDEX %%I.%%I ALTER COLUMN %%s SET STATISTICS %%s', n.nspname, x.relname, a.attnum,
                             a.attstattarget)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = x.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.oid
    WHERE i.indrelid = ANY (%s::oid[]) AND a.attstattarget >= 0 ORDER BY x.oid, a.attnum
"""
_TRIGGERS = """
    SELECT pg_catalog.pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger
    WHERE tgrelid = ANY (%s::oid[]) AND NOT tgisinternal AND tgparentid = 0 ORDER BY oid
"""
_VIEWS = """
    SELECT DISTINCT n.nspname, v.relname, v.relkind, pg_catalog.array_to_string(v.reloptions, ', '),
           pg_catalog.pg_get_viewdef(v.oid)
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
    JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjid = ANY (%s::oid[]) AND v.relkind IN ('v', 'm') ORDER BY 1, 2
"""
_TAKEN = """
    SELECT n.nspname, c.relname, false FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relnamespace IN (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = ANY (%s::oid[]))
    UNION
    SELECT n.nspname, p.proname, true FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.pronamespace IN (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = ANY (%s::oid[]))
"""
_SIZES = """
    SELECT n.nspname, c.relname, (SELECT pg_catalog.sum(pg_catalog.pg_relation_size(below.relid))::bigint
                                  FROM pg_catalog.pg_partition_tree(c.oid) AS below)
    FROM pg_catalog.pg_partitioned_table AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.partdefid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (%s::oid[])
"""

_ONE_STATEMENT_A_ROW = (
    _CONSTRAINTS, _INDEXES, _SETTINGS, _GRANTS, _PRIVILEGES, _STATISTICS, _LABELS, _STATISTICS_OF_INDEXES, _TRIGGERS,
)  # fmt: skip


def furniture_from(rows: Rows, names: Iterable[Name]) -> Furniture:
    """What hangs on the tables named, and on those around them; ``rows`` runs a query and gives its rows."""
    [(path,)] = rows("SELECT pg_catalog.current_schemas(false)::text[]", ())
    home = tuple(path) or ("public",)
    names = tuple(names)
    related = [oid for (oid,) in rows(RELATED, [[spelled_name(name) for name in names]])]
    furniture = Furniture(catalog=Catalog(search_path=home, home_path=home), live=True)
    furniture = furniture.with_script(";\n".join(_said(rows, related, names)))
    taken = rows(_TAKEN, [related, related])
    return furniture.changed(
        hanging=(*furniture.hanging, *others_said(rows, related)),
        taken=frozenset(Name(schema, name) for schema, name, function in taken if not function),
        functions=frozenset(Name(schema, name) for schema, name, function in taken if function),
        sizes={Name(schema, name): size for schema, name, size in rows(_SIZES, [related])},
    )


def _said(rows: Rows, related: list[int], names: Iterable[Name]) -> Iterator[str]:
    yield from types_said(rows)
    yield from functions_said(rows, names)
    for oid, *described in rows(_TABLES, [related]):
        yield _table(rows(_COLUMNS, [oid]), *described)
    for query in (
        _CONSTRAINTS,
        _INDEXES,
        _SETTINGS,
        _GRANTS,
        _PRIVILEGES,
        _STATISTICS,
        _LABELS,
        _STATISTICS_OF_INDEXES,
        _TRIGGERS,
    ):
        yield from (said for (said,) in rows(query, [related]))
    yield from (said for (said,) in rows(_COMMENTS, [related] * 3))
    for schema, name, kind, options, query in rows(_VIEWS, [related]):
        materialized = "MATERIALIZED " if kind == "m" else ""
        yield f"CREATE {materialized}VIEW {view_said(schema, name, options, query)}"
    yield from views_said(rows, related, _PRIVILEGES)


def _table(
    columns: list[tuple[Any, ...]],
    schema: str,
    name: str,
    unlogged: bool,
    is_partition: bool,
    key: str | None,
    bound: str | None,
    parents: list[str] | None,
) -> str:
    head = f"CREATE {'UNLOGGED ' if unlogged else ''}TABLE {spelled(schema)}.{spelled(name)}"
    partition_by = f" PARTITION BY {key}" if key else ""
    if is_partition and parents:
        return f"{head} PARTITION OF {parents[0]} {bound}{partition_by}"
    inherits = f" INHERITS ({', '.join(parents)})" if parents else ""
    return f"{head} ({', '.join(_column(*column) for column in columns)}){inherits}{partition_by}"


def _column(
    name: str, kind: str, not_null: bool, generated: str, identity: str, default: str | None, collation: str | None
) -> str:
    said = f"{spelled(name)} {kind}"
    if collation:
        said += f" COLLATE {collation}"
    if generated:
        said += f" GENERATED ALWAYS AS ({default}) {'STORED' if generated == 's' else 'VIRTUAL'}"
    elif identity:
        said += f" GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    elif default:
        said += f" DEFAULT {default}"
    return said + (" NOT NULL" if not_null else "")
