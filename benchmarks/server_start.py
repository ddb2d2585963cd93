"""What an embedded server and a test's database cost, in memory and on the disk.

Run: python benchmarks/server_start.py. Prints medians of five servers, and of twenty databases on each.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from zdmigrate.embedded import place
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

SERVERS, DATABASES = 5, 20


def took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(where: str) -> None:
    starts, stops, creates, drops = [], [], [], []
    for _ in range(SERVERS):
        began = time.perf_counter()
        server = Server.start(find())
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("SELECT 1")
            starts.append((time.perf_counter() - began) * 1000)
            for _ in range(DATABASES):
                creates.append(took(lambda: connection.execute("CREATE DATABASE one")))
                drops.append(took(lambda: connection.execute("DROP DATABASE one WITH (FORCE)")))
        stops.append(took(server.stop))
    figures = {"initdb to first query": starts, "stop": stops, "CREATE DATABASE": creates, "DROP DATABASE": drops}
    for name, values in figures.items():
        print(f"{where:<10}{name:<24}{statistics.median(values):8.1f} ms")


def main() -> None:
    measure(str(place.roomy()))
    place.MEMORY = Path("/nowhere")
    measure(tempfile.gettempdir())


if __name__ == "__main__":
    main()
