"""What a step costs beyond its statement: the same CREATE TABLE statements by psql and by ``zdmigrate apply``.

Run: python benchmarks/step_cost.py. Prints milliseconds a step, medians of five rounds in one run; start-up of both
programs is in, spread over the steps, and is printed apart as well (a run with nothing to do).
"""

from __future__ import annotations

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
    from collections.abc import Sequence

ROUNDS = 5
STEPS = 40


def main() -> None:
    binaries = find()
    with Server.start(binaries) as server, tempfile.TemporaryDirectory() as folder:
        psql = [binaries.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        rows = [_round(server, psql, Path(folder), number) for number in range(ROUNDS)]
    for name, place in (("psql", 0), ("zdmigrate apply", 1), ("zdmigrate apply, nothing to do", 2)):
        print(f"{name}: {statistics.median(row[place] for row in rows):.0f} ms")
    added = statistics.median((row[1] - row[2] - row[0]) / STEPS for row in rows)
    print(f"added a step, over psql: {added:.1f} ms (budget: 50 ms)")


def _round(server: Server, psql: Sequence[str], folder: Path, number: int) -> tuple[float, float, float]:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        for name in (f"by_psql_{number}", f"by_apply_{number}"):
            connection.execute(f"CREATE DATABASE {name}".encode())
    migrations = folder / str(number)
    migrations.mkdir()
    file = migrations / "001_tables.sql"
    file.write_text("".join(f"CREATE TABLE t{i} (id bigint);\n" for i in range(STEPS)))
    dsn = server.dsn(f"by_apply_{number}")
    command = [sys.executable, "-m", "zdmigrate.cli.main"]
    where = ["--dsn", dsn, "--dir", str(migrations), "--quiet"]
    _timed([*command, "init", "--release", "v1", *where])
    by_psql = _timed([*psql, "-f", str(file), server.dsn(f"by_psql_{number}")])
    by_apply = _timed([*command, "apply", "--phase", "expand", "--release", "v2", *where])
    nothing = _timed([*command, "apply", "--phase", "expand", "--release", "v2", *where])
    return by_psql, by_apply, nothing


def _timed(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
