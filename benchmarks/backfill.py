"""How fast a backfill is: one and two workers against one UPDATE of the whole table, and against batches by key.

Run: python benchmarks/backfill.py [--rows 1000000] [--rounds 3] [--commit-delay 6]. A table with a primary key and two
indexes, the trigger of a rename in place, on a server with its files on disk and fsync on. Each way runs on a fresh
copy of the same database, in turn; printed are medians of rows a second, and of their ratios to the others of the same
round. What zdmigrate needs is its whole step, the verifying count over the table included; the others verify nothing.

A COMMIT that waits for the disk is what batches by key have a thousand of, so how long one takes is printed, too;
--commit-delay makes each wait so many milliseconds longer (PostgreSQL's commit_delay), as on a slower disk.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 1000
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "autovacuum": "off"}
CHANGE = Path(__file__).parent.parent / "fixtures" / "rename_column" / "migrations" / "001_full_name.sql"
TABLE = """
    CREATE TABLE users (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, email text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(), note text);
    INSERT INTO users (name, email, note)
        SELECT 'User Number ' || i, 'user' || i || '@example.com', repeat('x', 30)
        FROM generate_series(1, %(rows)s) AS i;
    CREATE INDEX users_email ON users (email);
    CREATE INDEX users_created_at ON users (created_at);
"""
_SECONDS = "SELECT detail ->> 'seconds' FROM zdmigrate.event WHERE action = 'took' AND detail ? 'rows'"
TARGETS = (
    ("one worker", "one UPDATE", 0.9),
    ("two workers", "one UPDATE", 1.5),
    ("two workers", "batches by key", 2.5),
)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--commit-delay", type=float, default=0.0, help="milliseconds")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder), options.commit_delay) as server:
        bench = Bench(server, Path(folder), options.rows)
        print(f"a COMMIT: {bench.commit():.1f} ms")
        rounds = [bench.round() for _ in range(options.rounds)]
    for way in rounds[0]:
        rates = [options.rows / each[way] for each in rounds]
        print(f"{way}: {statistics.median(rates):,.0f} rows/s ({', '.join(f'{rate:,.0f}' for rate in rates)})")
    for way, other, target in TARGETS:
        ratio = statistics.median(each[other] / each[way] for each in rounds)
        print(f"{way} / {other}: {ratio:.2f} (target: {target})")


def _server(folder: Path, delay: float) -> Server:
    """On a disk, and durable: a COMMIT costs what it costs, and ``delay`` milliseconds."""
    folder.chmod(0o755)  # the server's account enters it
    settings = SETTINGS | {"commit_delay": str(round(delay * 1000)), "commit_siblings": "0"}
    return Server.start(find(), settings=settings, data_directory=folder / "data", durable=True)


class Bench:
    """A template database with the table, its trigger and an empty column; each way gets a copy."""

    def __init__(self, server: Server, folder: Path, rows: int) -> None:
        self.server, self.folder, self.rows = server, folder, rows
        with self._connect("postgres") as connection:
            connection.execute("CREATE DATABASE template")
        with self._connect("template") as connection:
            connection.execute((TABLE % {"rows": rows}).encode())
            self._zdmigrate("template", "init", "--release", "v1")
            filled = CHANGE.read_text().split("-- zdmigrate: expand\n-- After")[0]  # without the index after it
            (folder / CHANGE.name).write_text(filled)
            self._zdmigrate("template", "apply", "--phase", "expand", "--release", "v2", "--no-backfill")
            connection.execute("VACUUM ANALYZE users")
            connection.execute("CHECKPOINT")

    def commit(self) -> float:
        """Milliseconds of a COMMIT with nothing much to write, the median of 50."""
        times: list[float] = []
        with self._connect("postgres") as connection:
            connection.execute("CREATE TABLE ticks (at timestamptz)")
            for _ in range(50):
                start = time.perf_counter()
                connection.execute("INSERT INTO ticks VALUES (now())")
                times.append(time.perf_counter() - start)
        return statistics.median(times) * 1000

    def round(self) -> dict[str, float]:
        """Seconds by way."""
        ways: dict[str, Callable[[str], float]] = {
            "one UPDATE": self.one_update,
            "batches by key": self.by_key,
            "one worker": lambda database: self.apply(database, 1),
            "two workers": lambda database: self.apply(database, 2),
        }
        return {way: self._on_a_copy(run) for way, run in ways.items()}

    def one_update(self, database: str) -> float:
        with self._connect(database) as connection:
            start = time.perf_counter()
            connection.execute("UPDATE users SET full_name = name")
            return time.perf_counter() - start

    def by_key(self, database: str) -> float:
        with self._connect(database) as connection:
            start = time.perf_counter()
            for first in range(1, self.rows + 1, BATCH):
                connection.execute(
                    "UPDATE users SET full_name = name WHERE id BETWEEN %s AND %s", [first, first + BATCH - 1]
                )
            return time.perf_counter() - start

    def apply(self, database: str, workers: int) -> float:
        self._zdmigrate(database, "apply", "--phase", "backfill", "--workers", str(workers))
        with self._connect(database) as connection:
            [(seconds,)] = connection.execute(_SECONDS).fetchall()
        return float(str(seconds))

    def _on_a_copy(self, run: Callable[[str], float]) -> float:
        with self._connect("postgres") as connection:
            connection.execute("CREATE DATABASE copy TEMPLATE template STRATEGY file_copy")
            try:
                connection.execute("CHECKPOINT")
                seconds = run("copy")
                with self._connect("copy") as check:
                    left = check.execute("SELECT count(*) FROM users WHERE full_name IS DISTINCT FROM name").fetchone()
                    assert left == (0,), left
                return seconds
            finally:
                connection.execute("DROP DATABASE copy")

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.server.dsn(database), autocommit=True)

    def _zdmigrate(self, database: str, *arguments: str) -> None:
        where = ["--dsn", self.server.dsn(database), "--dir", str(self.folder), "--quiet"]
        subprocess.run([sys.executable, "-m", "zdmigrate.cli.main", *arguments, *where], check=True)


if __name__ == "__main__":
    main()
