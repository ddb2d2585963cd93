"""How fast PostgreSQL reads a table, writes it anew and builds an index: for zdmigrate/schema/row_estimates.py.

Run: python benchmarks/table_work.py [ROWS]. On an embedded server with its default settings: a table of ordinary rows
(a key, a number, a time, some text), larger than shared_buffers. Prints medians of three rounds.
"""

from __future__ import annotations

import statistics
import sys
import time

import psycopg

from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

ROUNDS = 3
MADE = """
    CREATE TABLE orders AS SELECT n::bigint AS id, n %% 1000 AS customer, now() AS made, repeat(md5(n::text), 4) AS note
    FROM generate_series(1, %s) AS n
"""
WORK = {
    "reads": (
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE orders ALTER COLUMN note DROP NOT NULL",
    ),
    "writes anew": ("ALTER TABLE orders ALTER COLUMN customer TYPE {type}", ""),
    "builds an index": ("CREATE INDEX orders_idx ON orders (customer, id)", "DROP INDEX orders_idx"),
}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000
    with Server.start(find()) as server, psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(MADE.replace("%s", str(rows)).replace("%%", "%").encode())
        connection.execute("VACUUM ANALYZE orders")
        (size,) = connection.execute("SELECT pg_relation_size('orders')").fetchone() or (0,)
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB")
        for name, (work, undo) in WORK.items():
            seconds = statistics.median(_timed(connection, work, undo, number) for number in range(ROUNDS))
            print(f"{name}: {seconds:.2f} s, {size / 1e6 / seconds:,.0f} MB/s, {rows / seconds:,.0f} rows/s")


def _timed(connection: psycopg.Connection, work: str, undo: str, number: int) -> float:
    connection.execute("CHECKPOINT")
    start = time.perf_counter()
    connection.execute(work.format(type=("bigint", "integer")[number % 2]).encode())
    seconds = time.perf_counter() - start
    if undo:
        connection.execute(undo.encode())
    return seconds


if __name__ == "__main__":
    main()
