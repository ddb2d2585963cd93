"""How large the tables of a database are, by what the server estimates of them: no table is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.ledger.connection import READ_ONLY, connect
from zdmigrate.schema.names import Name
from zdmigrate.schema.row_estimates import TableSize
from zdmigrate.schema.spelling import spelled_name

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection

# pg_class.reltuples: -1 where a table was never analysed, and also for one that has no rows at all, whose size is 0.
# Of a partitioned table the partitions are summed, since its own numbers are those of the last ANALYZE of the whole.
_SIZES = """
    SELECT n.nspname, c.relname,
           CASE WHEN bool_and(part.reltuples >= 0 OR pg_catalog.pg_relation_size(part.oid) = 0)
                THEN coalesce(sum(greatest(part.reltuples, 0)), 0)::bigint END,
           coalesce(sum(pg_catalog.pg_table_size(part.oid)), 0)::bigint,
           coalesce(sum(pg_catalog.pg_indexes_size(part.oid)), 0)::bigint
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT c.oid WHERE c.relkind <> 'p'
        UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p'
    ) AS stored
    JOIN pg_catalog.pg_class AS part ON part.oid = stored.oid
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'zdmigrate')
    GROUP BY 1, 2
"""


def table_sizes(dsn: str) -> tuple[dict[str, TableSize], int]:
    """The sizes by name with schema, as SQL spells it, and the server's major version. Raises DatabaseError."""
    with connect(dsn, purpose="stats", settings=READ_ONLY) as connection:
        return _sizes(connection), connection.info.server_version // 10_000


def _sizes(connection: Connection) -> dict[str, TableSize]:
    rows = connection.execute(_SIZES.encode()).fetchall()
    return {spelled_name(Name(schema, table)): TableSize(*numbers) for schema, table, *numbers in rows}
