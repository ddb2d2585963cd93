"""How long /readyz takes, in the ledger of benchmarks/beats.py: 1,000 instances, 100 releases, 50 closed fences.

Run: python -m benchmarks.readyz. Every request is a connection of its own, as a probe's is. While the database
hangs, the answers are the remembered ones. Budget: 50 ms.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import psycopg

from benchmarks.beats import _fill, _print
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence

ASKED = 1000
SERVE = (sys.executable, "-m", "zdmigrate.cli.main", "serve", "--app", "shop", "--port", "0", "--dsn")


def main() -> None:
    with Server.start(find()) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            _fill(connection)
            for number in range(1000):
                connection.execute("SELECT zdmigrate.beat('shop', 'v99', %s)", [f"web-{number}"])
        process = subprocess.Popen([*SERVE, server.dsn()], stdout=subprocess.PIPE, text=True)
        try:
            _measure(server, process)
        finally:
            process.terminate()
            process.wait()


def _measure(server: Server, process: subprocess.Popen[str]) -> None:
    assert process.stdout
    url = process.stdout.readline().split()[1] + "/readyz?release=v"
    releases = [f"{url}{number}" for number in range(100)]
    _ask(releases)  # so that each has an answer to remember
    time.sleep(1.1)
    _print("/readyz, asked of the database", _ask(releases))
    _print("/readyz, answered a moment ago", _ask([releases[-1]] * ASKED))
    with psycopg.connect(server.dsn(), autocommit=True) as connection, connection.transaction():
        connection.execute("LOCK TABLE zdmigrate.release")
        time.sleep(1.1)
        _print("/readyz, the database hangs", _ask(releases))


def _ask(urls: Sequence[str]) -> list[float]:
    """Milliseconds of each."""
    times = []
    for url in urls:
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(url) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            error.close()
        times.append((time.perf_counter() - begun) * 1000)
    return times


if __name__ == "__main__":
    main()
