"""A backfill under plain ``alembic upgrade``: in batches over the table's blocks, each its own transaction.

``zdmigrate apply`` has its own way of running the same statement, with workers, cursors and brakes. This one is for a
laptop, a test, or a team that stays with ``alembic upgrade``: interrupted, it begins anew, and finds little to do.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from zdmigrate.plan.backfill import backfill_of
from zdmigrate.schema.catalog import Catalog
from zdmigrate.schema.spelling import spelled_name
from zdmigrate.sources.op_calls import escaped
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import TextClause
    from sqlalchemy.engine import Connection

    from zdmigrate.plan.step import Backfill
    from zdmigrate.schema.names import Name

_TARGET = 0.1  # seconds a batch
_LOCK_TIMEOUT = "20ms"  # the app must never wait behind a batch, nor be a deadlock's victim
_PAUSE = 0.05  # seconds, after a batch that has met a lock
_AGAIN = ("55P03", "40P01", "40001")
_PASSES = 20
_BLOCKS = """
    WITH RECURSIVE tree AS (
        SELECT pg_catalog.to_regclass(:name)::oid AS relation
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.relation
    )
    SELECT coalesce(max(pg_catalog.pg_relation_size(relation)), 0)
           / pg_catalog.current_setting('block_size')::bigint FROM tree
"""
_TYPE = """
    SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass(:name) AND attname = :column AND NOT attisdropped
"""


class BackfillUnfinished(RuntimeError):
    """After many passes some rows are still not right: something writes them anew, or the statement does not."""


def run_backfill(connection: Connection, statement: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Run it until no row is left that it would change. ``connection`` is in autocommit mode."""
    backfill = _read(connection, statement)
    timeout = connection.execute(text("SHOW lock_timeout")).scalar_one()
    _set(connection, _LOCK_TIMEOUT)
    try:
        for _ in range(_PASSES):
            changed = _passed(connection, backfill, sleep)
            if not _remaining(connection, backfill, changed):
                return
    finally:
        _set(connection, timeout)
    raise BackfillUnfinished(
        f"after {_PASSES} passes some rows of {backfill.table} still differ from what the backfill writes: {statement}"
    )


def _read(connection: Connection, statement: str) -> Backfill:
    def type_of(table: Name, column: str) -> str | None:
        given = {"name": spelled_name(table), "column": column}
        found: str | None = connection.execute(text(_TYPE), given).scalar_one_or_none()
        return found

    (read,) = read_script(statement).statements
    (operation,) = read.operations
    return backfill_of(statement, operation, type_of, "op.backfill", Catalog())


def _passed(connection: Connection, backfill: Backfill, sleep: Callable[[float], None]) -> int:
    """One pass through all blocks, batches as long as the target; the rows that it changed."""
    blocks: int = connection.execute(text(_BLOCKS), {"name": spelled_name(backfill.table)}).scalar_one()
    first, size, changed = 0, 16, 0
    while first < blocks:
        began, end = time.monotonic(), min(first + size, blocks)
        rows = _batch(connection, backfill.batch_sql(first, end))
        if rows is None:
            size = max(1, size // 2)
            sleep(_PAUSE)
            continue
        first, changed = end, changed + rows
        took = max(time.monotonic() - began, 0.001)
        size = max(1, min(size * 2, int(size * _TARGET / took)))
    return changed


def _batch(connection: Connection, sql: str) -> int | None:
    """The rows that it changed; None where a lock was in the way."""
    try:
        return max(connection.execute(_as_it_is(sql)).rowcount, 0)
    except DBAPIError as error:
        if _state(error) not in _AGAIN:
            raise
        return None


def _remaining(connection: Connection, backfill: Backfill, changed: int) -> int:
    """Rows that are not right yet, over one snapshot; where no condition tells, what the last pass changed."""
    if backfill.remaining is None:
        return changed
    left: int = connection.execute(_as_it_is(backfill.remaining)).scalar_one()
    return left


def _set(connection: Connection, lock_timeout: str) -> None:
    connection.execute(text("SELECT pg_catalog.set_config('lock_timeout', :value, false)"), {"value": lock_timeout})


def _as_it_is(sql: str) -> TextClause:
    return text(escaped(sql))


def _state(error: DBAPIError) -> str | None:
    """The SQLSTATE, wherever the driver keeps it."""
    original = error.orig
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
