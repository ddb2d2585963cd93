"""The catalog as the live database has it, for the relations that a change names and those that hang on them.

The server's own descriptions are read as SQL, by the same road as a change file: one understanding of DDL, not two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from zdmigrate.run.relations import quoted
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.names import Name
from zdmigrate.schema.related import RELATED
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.change import Change

_TABLES = """
    SELECT c.oid, n.nspname, c.relname, c.relpersistence = 'u', c.relispartition, c.relkind = 'p',
           parent.relname, parent_schema.nspname,
           pg_catalog.pg_get_expr(c.relpartbound, c.oid), pg_catalog.pg_get_partkeydef(c.oid)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid
    LEFT JOIN pg_catalog.pg_class AS parent ON parent.oid = i.inhparent
    LEFT JOIN pg_catalog.pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
    WHERE c.oid = ANY (%s) AND c.relkind IN ('r', 'p')
    ORDER BY c.relispartition, c.oid
"""
_COLUMNS = """
    SELECT attname, pg_catalog.format_type(atttypid, atttypmod), attnotnull,
           CASE WHEN attgenerated = '' THEN pg_catalog.pg_get_expr(adbin, adrelid) END
    FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_CONSTRAINTS = """
    SELECT n.nspname, c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid)
    FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.conrelid = ANY (%s) AND k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0
    ORDER BY k.contype = 'f', k.oid
"""
_INDEXES = """
    SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = ANY (%s) AND i.indisvalid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)
    ORDER BY i.indexrelid
"""


def live_catalog(connection: Connection, change: Change) -> Catalog:
    """What the database has of everything that ``change`` touches."""
    names = sorted({quoted(name) for name in _named(change)})
    relations = [oid for (oid,) in connection.execute(RELATED, [names])]
    schemas = connection.execute("SELECT pg_catalog.current_schemas(false)::text[]").fetchone()
    path = tuple(schemas[0]) if schemas and schemas[0] else ("public",)
    catalog = Catalog(search_path=path, home_path=path)
    text = ";\n".join(_definitions(connection, relations))
    for statement in read_script(text).statements:
        for operation in statement.operations:
            catalog = catalog.after(operation)
    return catalog


def type_of(connection: Connection, table: Name, column: str) -> str | None:
    """A column's type as SQL, or None where the database has no such column."""
    row = connection.execute(
        "SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute"
        " WHERE attrelid = pg_catalog.to_regclass(%s) AND attname = %s AND NOT attisdropped",
        [quoted(table), column],
    ).fetchone()
    return str(row[0]) if row else None


def _named(change: Change) -> Iterator[Name]:
    for operation in change.operations():
        yield from _names_of(operation)


def _names_of(operation: Operation) -> Iterator[Name]:
    """Every relation that an operation names in one of its fields."""
    for value in operation.field_values():
        if isinstance(value, Name):
            yield value
        references = getattr(value, "references", None)
        if isinstance(references, Name):
            yield references


def _definitions(connection: Connection, relations: list[int]) -> Iterator[str]:
    """DDL that would make the relations, tables first, foreign keys after what they point to."""
    for row in connection.execute(_TABLES, [relations]).fetchall():
        yield _table(connection, *row)
    for schema, table, name, definition in connection.execute(_CONSTRAINTS, [relations]).fetchall():
        add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(sql.Identifier(schema, table), sql.Identifier(name))
        yield add.as_string(connection) + definition
    for (definition,) in connection.execute(_INDEXES, [relations]).fetchall():
        yield definition


def _table(
    connection: Connection,
    oid: int,
    schema: str,
    name: str,
    unlogged: bool,
    is_partition: bool,
    partitioned: bool,
    parent: str | None,
    parent_schema: str | None,
    bound: str | None,
    key: str | None,
) -> str:
    create = "CREATE UNLOGGED TABLE " if unlogged else "CREATE TABLE "
    head = create + sql.Identifier(schema, name).as_string(connection)
    partition_by = f" PARTITION BY {key}" if partitioned and key else ""
    above = sql.Identifier(parent_schema, parent).as_string(connection) if parent and parent_schema else ""
    if is_partition:
        return f"{head} PARTITION OF {above} {bound}{partition_by}"
    columns = ", ".join(_columns(connection, oid))
    return f"{head} ({columns}){f' INHERITS ({above})' if above else ''}{partition_by}"


def _columns(connection: Connection, table: int) -> Iterable[str]:
    for name, kind, not_null, default in connection.execute(_COLUMNS, [table]).fetchall():
        column = f"{sql.Identifier(name).as_string(connection)} {kind}"
        yield column + (" NOT NULL" if not_null else "") + (f" DEFAULT {default}" if default else "")
