"""A database as text: what pg_dump would show of its schema, and its rows, so that two can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from tests.servers.database import Connection

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdmigrate') AND n.nspname NOT LIKE 'pg\\_%'"
_SCHEMA = f"""
    SELECT 'relation', c.oid::regclass::text, c.relkind::text, c.relpersistence::text, c.relowner::regrole::text,
           coalesce(c.relacl::text, ''), coalesce(pg_get_partkeydef(c.oid), ''), '', 0
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT 'column', c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
           coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text || a.attgenerated::text,
           coalesce(a.attacl::text, ''),
           row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'constraint', k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid), k.convalidated::text,
           '', '', '', 0
    FROM pg_constraint AS k JOIN pg_namespace AS n ON n.oid = k.connamespace WHERE {_OURS}
    UNION ALL
    SELECT 'index', i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid::text, i.indisready::text,
           '', '', '', 0
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE {_OURS}
    UNION ALL
    SELECT 'trigger', t.tgrelid::regclass::text, pg_get_triggerdef(t.oid), t.tgenabled::text, '', '', '', '', 0
    FROM pg_trigger AS t WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), coalesce(p.proacl::text, ''),
           '', '', '', '', 0
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE {_OURS} AND p.prokind IN ('f', 'p')
"""
_LEDGER = """
    SELECT 'change', id, state, coalesce(bound_to, ''), 0 FROM zdmigrate.change
    UNION ALL SELECT 'step', change, phase, state, position FROM zdmigrate.step
    UNION ALL SELECT 'pending', change, '', '', position FROM zdmigrate.pending
    UNION ALL SELECT 'fence', change, release, coalesce(forced_why, ''), 0 FROM zdmigrate.fence
    UNION ALL SELECT 'release', version, changes::text, '', 0 FROM zdmigrate.release
"""


def definitions(connection: Connection, schema: str) -> str:
    """The same of one schema, which may be the ledger's own."""
    return _lines(connection, _SCHEMA.replace(_OURS, f"n.nspname = '{schema}'"))


def schema_of(connection: Connection) -> str:
    """Every object with its definition, without what dropped columns and numbering leave behind."""
    return _lines(connection, _SCHEMA)


def ledger_of(connection: Connection) -> str:
    """What the ledger says was done, without when and by whom."""
    return _lines(connection, _LEDGER)


def rows_of(connection: Connection) -> str:
    """Every row of every table, as text in a fixed order."""
    tables = connection.execute(
        f"SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        f" WHERE {_OURS} AND c.relkind = 'r' ORDER BY 1, 2"
    ).fetchall()
    return "\n".join(f"{name}: {_rows(connection, schema, name)}" for schema, name in tables)


def picture(connection: Connection) -> str:
    """Schema and rows."""
    return f"{schema_of(connection)}\n{rows_of(connection)}"


def _rows(connection: Connection, schema: str, name: str) -> str:
    query = sql.SQL("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM {} AS t")
    row = connection.execute(query.format(sql.Identifier(schema, name))).fetchone()
    assert row
    return str(row[0])


def _lines(connection: Connection, query: str) -> str:
    return "\n".join(sorted(" | ".join(map(str, row)) for row in connection.execute(query.encode())))
