"""What a database's columns are used for that no statement about their table says: policies, publications, bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.recipes.parts.hanging import Hanging
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

# What PARTITION OF leaves out: where a partition's column is not as its parent's.
_OF_PARTITIONS = """
    SELECT n.nspname, c.relname, a.attname, said.what
    FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_attribute AS p ON p.attrelid = i.inhparent AND p.attname = a.attname AND p.attnum > 0
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_attrdef AS e ON e.adrelid = p.attrelid AND e.adnum = p.attnum
    CROSS JOIN LATERAL (VALUES
        (CASE WHEN a.attnotnull AND NOT p.attnotnull THEN 'NOT NULL' END),
        (CASE WHEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM
                   pg_catalog.pg_get_expr(e.adbin, e.adrelid) THEN 'default' END)
    ) AS said (what)
    WHERE c.oid = ANY (%s::oid[]) AND said.what IS NOT NULL ORDER BY 1, 2, a.attnum
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
           OR (d.classid = 'pg_catalog.pg_policy'::regclass
               AND (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = d.objid) <> d.refobjid)
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
           (SELECT pg_catalog.array_agg(DISTINCT a.attname) FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_catalog.pg_publication_rel'::regclass AND d.objid = r.oid AND d.refobjid = c.oid),
           (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum IN (
                SELECT listed::smallint FROM pg_catalog.jsonb_array_elements_text(
                    nullif(pg_catalog.to_jsonb(r) -> 'prattrs', 'null')) AS listed)),
           coalesce(' WHERE ' || (SELECT pg_catalog.to_jsonb(v) ->> 'rowfilter'
                                  FROM pg_catalog.pg_publication_tables AS v
                                  WHERE (v.pubname, v.schemaname, v.tablename) = (p.pubname, n.nspname, c.relname)), '')
    FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
    JOIN pg_catalog.pg_class AS c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (%s::oid[])
      AND coalesce(pg_catalog.to_jsonb(r) ->> 'prattrs', pg_catalog.to_jsonb(r) ->> 'prqual') IS NOT NULL
    ORDER BY 1, 2, 3
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


def others_said(rows: Rows, related: list[int]) -> Iterator[Hanging]:
    for schema, table, column, told in rows(_OTHERS, [related]):
        kind = "owned" if told.startswith("sequence ") else "other"
        yield Hanging(kind=kind, table=Name(schema, table), name=told, sql="", columns=(column,))
    for schema, table, policy, columns, said in rows(_POLICIES, [related]):
        yield Hanging(kind="policy", table=Name(schema, table), name=policy, sql=said, columns=tuple(columns))
    for schema, table, publication, columns, listed, filtered in rows(_PUBLISHED, [related]):
        said = f"({', '.join(map(spelled, listed or ()))})"
        named = Hanging(kind="publication", table=Name(schema, table), name=publication, sql=filtered)
        yield named.changed(columns=tuple(columns), type=said)
    for schema, table, column, what in rows(_OF_PARTITIONS, [related]):
        told = f"the {what} of {schema}.{table}.{column}"
        yield Hanging(kind="other", table=Name(schema, table), name=told, sql="", columns=(column,))
    for schema, table, column, trigger in rows(_NAMING, [related]):
        told = f"the function of trigger {trigger}"
        yield Hanging(kind="other", table=Name(schema, table), name=told, sql="", columns=(column,))
    for schema, table, column, sequence, options, plain in rows(_IDENTITIES, [related]):
        said = "" if plain else options
        yield Hanging(kind="identity", table=Name(schema, table), name=sequence, sql=said, columns=(column,))
