"""The tables that hold a backfill's rows: the one it names, or each of its partitions and children by itself.

A range of blocks of a parent is one in every partition at once: with a thousand of them, a batch of one block would
read a thousand. So each leaf is gone through by itself, wherever the statement means the same there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.ledger.ledger import one
from zdmigrate.run.relations import quoted

if TYPE_CHECKING:
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill

_TREE = """
    WITH RECURSIVE tree AS (
        SELECT pg_catalog.to_regclass(%(table)s)::oid AS relation
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.relation
        WHERE NOT %(only)s
    )
"""
_LEAVES = f"""{_TREE}
    SELECT c.oid, pg_catalog.format('%%I.%%I', n.nspname, c.relname), pg_catalog.pg_relation_filenode(c.oid)::bigint,
           pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint,
           pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, %(privilege)s)
    FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.relation
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') ORDER BY c.oid
"""
# An UPDATE of a leaf cannot move a row to another one, as one of the parent would.
_MOVES_ROWS = f"""{_TREE}
    SELECT EXISTS (
        SELECT FROM tree JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = tree.relation
        WHERE p.partexprs IS NOT NULL OR EXISTS (
            SELECT FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs) AND a.attname = ANY (%(assigned)s)))
"""
_FILES = f"""{_TREE}
    SELECT pg_catalog.hashtextextended(
        pg_catalog.string_agg(c.oid || ':' || pg_catalog.pg_relation_filenode(c.oid), ' ' ORDER BY c.oid), 0)
    FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.relation WHERE c.relkind IN ('r', 'm')
"""
_PRIVILEGES = {"update": "UPDATE", "delete": "DELETE", "insert": "SELECT"}


class Leaf(NamedTuple):
    """One table to go through. ``file`` changes when it is rewritten (VACUUM FULL, CLUSTER, ALTER TABLE)."""

    oid: int
    name: str | None  # as SQL spells it; None: the statement runs as it is written
    file: int
    blocks: int
    whole: bool = False  # the parent with all of its partitions, whose ranges are gone through side by side


def leaves(connection: Connection, backfill: Backfill) -> list[Leaf]:
    """The tables with the backfill's rows, in order of their numbers; empty where there is none."""
    values = _values(backfill)
    rows = connection.execute(_LEAVES.encode(), values).fetchall()
    found = [Leaf(*row[:4]) for row in rows]
    (root,) = one(connection, "SELECT pg_catalog.to_regclass(%s)::oid", [values["table"]])
    if [leaf.oid for leaf in found] == [root]:
        return [found[0]._replace(name=None)]
    allowed = all(row[4] for row in rows)
    if not found or (allowed and not backfill.names_table and not _moves_rows(connection, backfill)):
        return found
    blocks = max(leaf.blocks for leaf in found)
    return [Leaf(root, None, _files(connection, backfill), blocks, whole=True)]


def file_of(connection: Connection, backfill: Backfill, leaf: Leaf) -> int | None:
    """The leaf's file as it is now; None where the leaf is gone. Steady only behind a lock on it."""
    if leaf.whole:
        return _files(connection, backfill)
    (file,) = one(connection, "SELECT pg_catalog.pg_relation_filenode(%s)::bigint", [leaf.oid])
    return None if file is None else int(file)


def _moves_rows(connection: Connection, backfill: Backfill) -> bool:
    if backfill.verb != "update":
        return False
    return bool(connection.execute(_MOVES_ROWS.encode(), _values(backfill)).fetchall()[0][0])


def _files(connection: Connection, backfill: Backfill) -> int:
    return int(connection.execute(_FILES.encode(), _values(backfill)).fetchall()[0][0] or 0)


def _values(backfill: Backfill) -> dict[str, object]:
    return {
        "table": quoted(backfill.table),
        "only": backfill.only,
        "assigned": list(backfill.assigned),
        "privilege": _PRIVILEGES[backfill.verb],
    }
