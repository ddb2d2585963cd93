"""Which relations of a database belong together, as a query of PostgreSQL's catalogs.

Whoever reads a live schema, to rewrite a change or to run it, has to see the same part of it.
"""

# The relations named, an index's table, the tables that use an enum, and, in turn, parents, children, and both ends
# of foreign keys. Takes a list of names as SQL spells them, and gives their oids.
RELATED = """
    WITH RECURSIVE named AS (
        SELECT pg_catalog.to_regclass(name)::oid AS oid, pg_catalog.to_regtype(name)::oid AS type
        FROM unnest(%s::text[]) AS name
    ), related AS (
        SELECT oid FROM named WHERE oid IS NOT NULL
        UNION SELECT c.oid FROM named JOIN pg_catalog.pg_type AS t ON t.oid = named.type AND t.typtype = 'e'
            JOIN pg_catalog.pg_attribute AS a ON a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped
            JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
        UNION SELECT i.indrelid FROM pg_catalog.pg_index AS i JOIN named ON i.indexrelid = named.oid
        UNION
        SELECT next.oid FROM related CROSS JOIN LATERAL (
            SELECT inhparent AS oid FROM pg_catalog.pg_inherits WHERE inhrelid = related.oid
            UNION ALL SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = related.oid
            UNION ALL SELECT confrelid FROM pg_catalog.pg_constraint WHERE conrelid = related.oid AND contype = 'f'
            UNION ALL SELECT conrelid FROM pg_catalog.pg_constraint WHERE confrelid = related.oid AND contype = 'f'
        ) AS next
    )
    SELECT DISTINCT oid::bigint FROM related
"""
