"""What a beat costs the server, with 1,000 instances, 100 releases and 50 closed fences in the ledger.

Run: python benchmarks/beats.py. Server time is what EXPLAIN ANALYZE says of the call, planning included; the round
trip, from one connection on the same machine, has the commit in it as well. Budget: 1 ms of server time.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import psycopg

from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.live.registry import register_release

INSTANCES, RELEASES, FENCES = 1000, 100, 50
BEAT = "zdmigrate.beat('shop', 'v99', %s)"


def main() -> None:
    with Server.start(find()) as server, psycopg.connect(server.dsn(), autocommit=True) as connection:
        _fill(connection)
        names = [f"web-{number}" for number in range(INSTANCES)]
        for name in names:
            connection.execute(f"SELECT {BEAT}".encode(), [name])
        _print("server time of a beat", [_server_time(connection, name) for name in names])
        _print("round trip of a beat", [_round_trip(connection, f"SELECT {BEAT}", name) for name in names])
        _print("round trip of SELECT 1", [_round_trip(connection, "SELECT 1 WHERE %s <> ''", name) for name in names])
        [(rows,)] = connection.execute("SELECT count(*) FROM zdmigrate.instance").fetchall()
        print(f"rows after {3 * INSTANCES} beats: {rows}")


def _fill(connection: psycopg.Connection[Any]) -> None:
    create_ledger(connection)
    changes = [f"c{number}" for number in range(FENCES)]
    for number in range(RELEASES):
        register_release(connection, "shop", f"v{number}", changes)
    for change in changes:
        connection.execute(
            "INSERT INTO zdmigrate.change (app, id, state, bound_to) VALUES ('shop', %s, 'contracted', 'v0')", [change]
        )
        connection.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', %s, 'v1')", [change])
    connection.execute("INSERT INTO zdmigrate.speaker (app, role) VALUES ('shop', session_user)")
    connection.execute("ANALYZE")


def _server_time(connection: psycopg.Connection[Any], name: str) -> float:
    """Milliseconds, by the server's own clock."""
    asked = f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT {BEAT}"
    [(told,)] = connection.execute(asked.encode(), [name]).fetchall()
    [plan] = told if isinstance(told, list) else json.loads(told)
    return float(plan["Planning Time"] + plan["Execution Time"])


def _round_trip(connection: psycopg.Connection[Any], query: str, name: str) -> float:
    begun = time.perf_counter()
    connection.execute(query.encode(), [name])
    return (time.perf_counter() - begun) * 1000


def _print(what: str, times: list[float]) -> None:
    slowest = sorted(times)[int(0.99 * len(times))]
    print(f"{what}: median {statistics.median(times):.2f} ms, 99 % {slowest:.2f} ms")


if __name__ == "__main__":
    main()
