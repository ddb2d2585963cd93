"""Which row a statement stumbled over: by its key, so that a person can mend it and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import errors, sql

from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.ledger import one
from zdmigrate.plan.step import LINES
from zdmigrate.run.relations import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Backfill
    from zdmigrate.run.session import Session

# What a value is to blame for: it cannot be converted, or a constraint does not let it in.
BLAMED = (errors.DataError, errors.IntegrityError)
PATIENCE = 10.0  # seconds that a search may take; the failure is told without its row when they are over
OFFSETS = 2_048  # more lines than the largest block, of 32 kB, has

_KEY = """
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY pg_catalog.array_position(i.indkey::int2[], a.attnum))
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = pg_catalog.to_regclass(%s) AND i.indisunique AND i.indisvalid
      AND i.indexprs IS NULL AND i.indpred IS NULL
    GROUP BY i.indexrelid, i.indisprimary HAVING pg_catalog.bool_and(a.attnotnull)
    ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1
"""
_CHECK = """
    SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint
    WHERE conrelid = pg_catalog.to_regclass(%s) AND conname = %s AND contype = 'c'
"""


def row_at(connection: Connection, backfill: Backfill, leaf: str | None, place: int) -> str:
    """The row at a place, as ``row (id)=(7) of users``; empty if it is gone."""
    there = sql.SQL("ctid = {}::pg_catalog.tid").format(f"({place // LINES},{place % LINES})")
    try:
        return f"row {_key_of(connection, leaf or quoted(backfill.table), there)} of {backfill.table}"
    except (psycopg.Error, DatabaseError):  # it is gone already
        return ""


def refused_place(session: Session, backfill: Backfill, leaf: str | None, first: int, end: int) -> int | None:
    """The place of the first row of these places that the backfill cannot change; None if none is found in time."""
    try:
        session.connection.execute("BEGIN")
        session.limit(PATIENCE, lock=1.0)
        return _first_refused(session.connection, backfill, leaf, first, end)
    except psycopg.Error:  # it is gone already, or the search took too long
        return None
    finally:
        session.roll_back()


def refused_by_constraint(session: Session, error: psycopg.Error) -> str:
    """The row that a CHECK or a NOT NULL was refused for when it was to be validated."""
    told = error.diag
    if not (isinstance(error, errors.CheckViolation | errors.NotNullViolation) and told.table_name):
        return ""
    connection = session.connection
    table = sql.Identifier(*filter(None, (told.schema_name, told.table_name))).as_string(connection)
    try:
        connection.execute("BEGIN")
        session.limit(PATIENCE, lock=1.0)
        condition = _broken(connection, table, error)
        return f"row {_key_of(connection, table, condition)} of {_name(error)}" if condition else ""
    except (psycopg.Error, DatabaseError):  # it is gone already, or the search took too long
        return ""
    finally:
        session.roll_back()


def _name(error: psycopg.Error) -> str:
    return ".".join(filter(None, (error.diag.schema_name, error.diag.table_name)))


def _broken(connection: Connection, table: str, error: psycopg.Error) -> sql.Composable | None:
    """Which rows are to blame."""
    if isinstance(error, errors.NotNullViolation) and error.diag.column_name:
        return sql.SQL("{} IS NULL").format(sql.Identifier(error.diag.column_name))
    row = connection.execute(_CHECK, [table, error.diag.constraint_name]).fetchone()
    return sql.SQL("NOT ({})").format(sql.SQL(row[0])) if row else None


def _first_refused(connection: Connection, backfill: Backfill, leaf: str | None, first: int, end: int) -> int | None:
    """The place of the first such row, by halves, each tried and taken back: first the block, then the line in it."""

    def refused(start: int, stop: int) -> bool:
        return _is_refused(connection, backfill, leaf, start, stop)

    if not refused(first, end):
        return None
    first, end = _narrowed(first, end, LINES, refused)
    return _narrowed(first, min(end, first // LINES * LINES + OFFSETS), 1, refused)[0]


def _narrowed(first: int, end: int, unit: int, refused: Callable[[int, int], bool]) -> tuple[int, int]:
    """The first places of one unit in which there is such a row."""
    while (following := (first // unit + 1) * unit) < end:
        middle = max((first + end) // 2 // unit * unit, following)
        first, end = (first, middle) if refused(first, middle) else (middle, end)
    return first, end


def _is_refused(connection: Connection, backfill: Backfill, leaf: str | None, first: int, end: int) -> bool:
    try:
        with connection.transaction(force_rollback=True):  # a savepoint
            connection.execute(backfill.rows_sql(first, end, leaf).encode())
    except BLAMED:
        return True
    return False


def key_columns(connection: Connection, table: str) -> list[str] | None:
    """The columns of its primary key, else of a unique one that is never NULL; None where it has none."""
    found = connection.execute(_KEY, [table]).fetchone()
    return list(found[0]) if found else None


def _key_of(connection: Connection, table: str, condition: sql.Composable) -> str:
    """The first such row by its key; by its place in the table where it has none."""
    names = key_columns(connection, table) or ["ctid"]
    values = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
    query = sql.SQL("SELECT {} FROM {} WHERE {} LIMIT 1").format(values, sql.SQL(table), condition)
    return f"({', '.join(names)})=({', '.join(map(str, one(connection, query.as_bytes(connection))))})"
