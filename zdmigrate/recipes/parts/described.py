"""A database's tables described in SQL, by itself: what a history would have had to say to make them.

One reader (``furniture.py``) then reads both. Only catalogs are read, in one transaction that cannot write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.described_things import functions_said, types_said, views_said
from zdmigrate.recipes.parts.furniture import Furniture
from zdmigrate.recipes.parts.hanging import Hanging
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
           || pg_catalog.pg_get_constraintdef(k.oid)
    FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
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
_TRIGGERS = """
    SELECT pg_catalog.pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger
    WHERE tgrelid = ANY (%s::oid[]) AND NOT tgisinternal AND tgparentid = 0 ORDER BY oid
"""
_VIEWS = """
    SELECT DISTINCT n.nspname, v.relname, v.relkind, pg_catalog.pg_get_viewdef(v.oid)
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
    JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjid = ANY (%s::oid[]) AND v.relkind IN ('v', 'm') ORDER BY 1, 2
"""
# Whatever else needs a column of its own accord (deptype n), or is published by its name.
_OTHERS = """
    SELECT n.nspname, c.relname, a.attname, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    LEFT JOIN pg_catalog.pg_rewrite AS r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (%s::oid[]) AND d.refobjsubid > 0
      AND d.deptype IN ('n', 'a') AND (d.classid, d.objid) <> (d.refclassid, d.refobjid)
      AND (d.classid = 'pg_catalog.pg_proc'::regclass
           OR (d.classid = 'pg_catalog.pg_rewrite'::regclass AND v.relkind NOT IN ('v', 'm'))
           OR (d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'a'
               AND (SELECT relkind FROM pg_catalog.pg_class WHERE oid = d.objid) = 'S'))
    ORDER BY 1, 2, 3, 4
"""
_IDENTITIES = """
    SELECT n.nspname, c.relname, a.attname, s.relname,
           pg_catalog.format('START WITH %%s INCREMENT BY %%s MINVALUE %%s MAXVALUE %%s CACHE %%s%%s', q.seqstart,
                             q.seqincrement, q.seqmin, q.seqmax, q.seqcache,
                             CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END),
           q.seqstart = 1 AND q.seqincrement = 1 AND q.seqmin = 1 AND q.seqcache = 1 AND NOT q.seqcycle
               AND q.seqmax IN (32767, 2147483647, 9223372036854775807)
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = d.objid
    JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.deptype = 'i' AND a.attidentity <> '' AND d.refobjid = ANY (%s::oid[])
"""
_POLICIES = """
    SELECT n.nspname, c.relname, p.polname, pg_catalog.array_agg(a.attname ORDER BY a.attnum),
           pg_catalog.format('ALTER POLICY %%I ON %%I.%%I', p.polname, n.nspname, c.relname)
           || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
           || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
    FROM pg_catalog.pg_policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND c.oid = ANY (%s::oid[])
    GROUP BY 1, 2, p.oid ORDER BY p.oid
"""
# Lists of columns and filters of rows came with 15: to_jsonb, for what 14 does not have.
_PUBLISHED = """
    SELECT n.nspname, c.relname, p.pubname,
           (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum IN (
                SELECT listed::smallint
                FROM pg_catalog.jsonb_array_elements_text(pg_catalog.to_jsonb(r) -> 'prattrs') AS listed)),
           coalesce(' WHERE ' || (SELECT pg_catalog.to_jsonb(v) ->> 'rowfilter'
                                  FROM pg_catalog.pg_publication_tables AS v
                                  WHERE (v.pubname, v.schemaname, v.tablename) = (p.pubname, n.nspname, c.relname)), '')
    FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
    JOIN pg_catalog.pg_class AS c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (%s::oid[]) AND pg_catalog.to_jsonb(r) ->> 'prattrs' IS NOT NULL ORDER BY 1, 2, 3
"""
# A row trigger whose function names a column sees what one side wrote, and not the other: told, not guessed.
_NAMING = """
    SELECT n.nspname, c.relname, a.attname, t.tgname
    FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
    JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid = ANY (%s::oid[]) AND NOT t.tgisinternal AND t.tgtype & 1 = 1
      AND p.prosrc ~ ('\\m' || pg_catalog.regexp_replace(a.attname, '(\\W)', '\\\\\\1', 'g') || '\\M')
    ORDER BY 1, 2, 3, 4
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
        hanging=(*furniture.hanging, *_others(rows, related)),
        taken=frozenset(Name(schema, name) for schema, name, function in taken if not function),
        functions=frozenset(Name(schema, name) for schema, name, function in taken if function),
        sizes={Name(schema, name): size for schema, name, size in rows(_SIZES, [related])},
    )


def _said(rows: Rows, related: list[int], names: Iterable[Name]) -> Iterator[str]:
    yield from types_said(rows)
    yield from functions_said(rows, names)
    for oid, *described in rows(_TABLES, [related]):
        yield _table(rows(_COLUMNS, [oid]), *described)
    for query in (_CONSTRAINTS, _INDEXES, _SETTINGS, _GRANTS, _PRIVILEGES, _STATISTICS, _LABELS, _TRIGGERS):
        yield from (said for (said,) in rows(query, [related]))
    yield from (said for (said,) in rows(_COMMENTS, [related] * 3))
    for schema, name, kind, query in rows(_VIEWS, [related]):
        materialized = "MATERIALIZED " if kind == "m" else ""
        yield f"CREATE {materialized}VIEW {spelled(schema)}.{spelled(name)} AS {query.rstrip('; ')}"
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


def _others(rows: Rows, related: list[int]) -> Iterator[Hanging]:
    for schema, table, column, told in rows(_OTHERS, [related]):
        kind = "owned" if told.startswith("sequence ") else "other"
        yield Hanging(kind=kind, table=Name(schema, table), name=told, sql="", columns=(column,))
    for schema, table, policy, columns, said in rows(_POLICIES, [related]):
        yield Hanging(kind="policy", table=Name(schema, table), name=policy, sql=said, columns=tuple(columns))
    for schema, table, publication, columns, filtered in rows(_PUBLISHED, [related]):
        own = Name(schema, table)
        yield Hanging(kind="publication", table=own, name=publication, sql=filtered, columns=tuple(columns))
    for schema, table, column, trigger in rows(_NAMING, [related]):
        told = f"the function of trigger {trigger}"
        yield Hanging(kind="other", table=Name(schema, table), name=told, sql="", columns=(column,))
    for schema, table, column, sequence, options, plain in rows(_IDENTITIES, [related]):
        said = "" if plain else options
        yield Hanging(kind="identity", table=Name(schema, table), name=sequence, sql=said, columns=(column,))
