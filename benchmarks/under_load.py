"""What an app notices of a whole rename: pgbench at 200 transactions a second, on a table of a million rows.

Run: python -m benchmarks.under_load [--rounds 3] [--rows 1000000] [--seconds 60]. About three minutes a round.

Each round is on fresh databases of one server, one after another: the load alone, the load while zdmigrate renames,
the load while the same statement is tried with ``lock_timeout = 500ms``, and 40 clients without a pause. A reader
keeps the table for six seconds while locks are wanted, every time. Prints medians of the rounds. What a query waited
for a lock is the server's word, and does not grow with how busy the machine is; latencies do.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from benchmarks.busy_shop import FIXTURE, READS_FOR, SATURATED, Reader, Shop
from benchmarks.pgbench import Latency
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.pgbench import Done

CHANGE = FIXTURE / "migrations" / "001_full_name.sql"
EXPAND_STEPS = ("locks", "locks", "locks", "backfill", "index build")
ALONE, TIMEOUT = "no migration", "lock_timeout = 500ms, retry"
SETTINGS = {"track_commit_timestamp": "on"}
_WAITED = "SELECT max((detail ->> 'waited')::float8) FROM zdmigrate.event WHERE action = 'took'"


class Stretch(NamedTuple):
    """A stretch of a migration, by what it did; its ends in seconds since 1970."""

    what: str
    begin: float
    end: float


class Round:
    """The figures of one round, by name: latencies, and waits in milliseconds."""

    def __init__(self, shop: Shop, seconds: float) -> None:
        self.shop, self.seconds = shop, seconds
        self.latencies: dict[str, Latency] = {}
        self.waits: dict[str, float] = {}
        self.alone()
        self.renamed()
        self.with_lock_timeout()
        self.saturated()

    def alone(self) -> None:
        """The load, and the reader, and no migration."""
        with self.shop.copy() as name, self.shop.load(name, "name", self.seconds / 2) as load:
            Reader(self.shop.dsn(name), "name").join()
            done, longest = load.finish()
        self.latencies[ALONE] = Latency.of(done)
        self.waits[f"{ALONE}: longest lock wait of the app"] = longest

    def renamed(self) -> None:
        with self.shop.copy() as name:
            zdmigrate(self.shop.dsn(name), "init", "--release", "v1")
            self._phase(name, "expand", "v2", "name", self.seconds)
            with psycopg.connect(self.shop.dsn(name)) as connection:
                connection.execute("SELECT zdmigrate.beat('app', 'v2', 'one')")
            self._phase(name, "contract", "v3", "full_name", READS_FOR + 25, "--rollback-window", "1ms")

    def _phase(self, name: str, phase: str, release: str, column: str, seconds: float, *options: str) -> None:
        dsn = self.shop.dsn(name)
        with self.shop.load(name, column, seconds) as load:
            reader, began = Reader(dsn, column), time.time()
            apply(dsn, phase, release, *options)
            if not load.goes_on():
                raise RuntimeError(f"{phase} took longer than the load of {seconds:.0f} s: give it more --seconds")
            done, longest = load.finish()
        steps = commits(dsn, phase)
        self.waits[f"{phase}: commit after the reader's end"] = (steps[0][1] - reader.ended) * 1000
        self.waits[f"{phase}: longest lock wait of the app"] = longest
        found: dict[str, list[Done]] = {}
        for stretch in stretches(began, steps):
            found.setdefault(stretch.what, []).extend(within(done, stretch))
        for what, those in found.items():
            self.latencies[f"{phase}: {what}"] = Latency.of(those)

    def with_lock_timeout(self) -> None:
        """What others do: the first statement with a timeout, and again until it is through."""
        with self.shop.copy() as name, self.shop.load(name, "name", READS_FOR + 8) as load:
            reader, began = Reader(self.shop.dsn(name), "name"), time.time()
            run_with_lock_timeout(self.shop.dsn(name))
            end = time.time()
            done, longest = load.finish()
        self.latencies[TIMEOUT] = Latency.of(within(done, Stretch("", began, end)))
        self.waits[f"{TIMEOUT}: commit after the reader's end"] = (end - reader.ended) * 1000
        self.waits[f"{TIMEOUT}: longest lock wait of the app"] = longest

    def saturated(self) -> None:
        """40 clients that never pause: how long a step waits for its lock."""
        with self.shop.copy() as name:
            dsn = self.shop.dsn(name)
            zdmigrate(dsn, "init", "--release", "v1")
            with self.shop.load(name, "name", 30, saturated=True) as load:
                apply(dsn, "expand", "v2", "--no-backfill")
                if not load.goes_on():
                    raise RuntimeError("expand took longer than the load of 30 s")
                _, longest = load.finish()
            with psycopg.connect(dsn) as connection:
                (waited,) = connection.execute(_WAITED).fetchone() or (0.0,)
        self.waits[f"{SATURATED} clients: longest until a lock was had"] = waited * 1000
        self.waits[f"{SATURATED} clients: longest lock wait of the app"] = longest


def zdmigrate(dsn: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "zdmigrate.cli.main", *arguments, "--dsn", dsn]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"zdmigrate {' '.join(arguments)} gave {ran.returncode}\n{ran.stdout}{ran.stderr}")


def apply(dsn: str, phase: str, release: str, *options: str) -> None:
    zdmigrate(dsn, "apply", "--phase", phase, "--release", release, "--dir", str(CHANGE.parent), *options)


def run_with_lock_timeout(dsn: str, pause: float = 0.5) -> None:
    statement = read_change(CHANGE).sections[0].statements[0].text
    with psycopg.connect(dsn, autocommit=True, options="-c lock_timeout=500ms") as connection:
        while True:
            try:
                connection.execute(statement.encode())
                return
            except psycopg.errors.LockNotAvailable:
                time.sleep(pause)


def commits(dsn: str, phase: str) -> list[tuple[str, float]]:
    """What kind of step each of a phase was, and when it was committed by the server's clock."""
    query = """
        SELECT extract(epoch FROM coalesce(pg_xact_commit_timestamp(xid::xid), finished_at))::float8
        FROM zdmigrate.step WHERE phase = %s ORDER BY position"""
    with psycopg.connect(dsn) as connection:
        at = [float(row[0]) for row in connection.execute(query, [phase])]
    kinds = EXPAND_STEPS if phase == "expand" else ("locks",)
    return list(zip(kinds, at, strict=True))


def stretches(began: float, steps: Sequence[tuple[str, float]]) -> Iterator[Stretch]:
    for (_, begin), (what, end) in pairwise([("", began), *steps]):
        yield Stretch(what, begin, end)


def within(done: Sequence[Done], stretch: Stretch) -> list[Done]:
    """Transactions that were under way at any moment of it."""
    return [each for each in done if each.due < stretch.end and each.over > stretch.begin]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60, help="of load while expand and backfill run")
    given = parser.parse_args()
    with Server.start(find(), settings=SETTINGS) as server:
        shop, rounds = Shop(server, given.rows), []
        for number in range(given.rounds):
            rounds.append(Round(shop, given.seconds))
            print(f"round {number + 1}\n{table(rounds[-1:])}\n", file=sys.stderr, flush=True)
    print(table(rounds))


def table(rounds: Sequence[Round]) -> str:
    """Medians; the ratio and the difference are those of each round to its own load without a migration."""
    lines = [f"{'':<30}{'n':>7}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}{'p99 by':>8}{'max +':>8}"]
    for name in rounds[0].latencies:
        those = [(each.latencies[name], each.latencies[ALONE]) for each in rounds]
        lines.append(
            f"{name:<30}{_median(one.number for one, _ in those):>7.0f}"
            + "".join(f"{_median(getattr(one, key) for one, _ in those):>8.1f}" for key in ("median", "p99", "longest"))
            + f"{_median(one.p99 / alone.p99 for one, alone in those):>8.2f}"
            + f"{_median(one.longest - alone.longest for one, alone in those):>8.1f}"
        )
    waits = [f"{name:<58}{_median(each.waits[name] for each in rounds):>7.0f} ms" for name in rounds[0].waits]
    return "\n".join([*lines, "", *waits, f"\nmedians of rounds: {len(rounds)}; no query failed"])


_median: Callable[..., float] = statistics.median


if __name__ == "__main__":
    main()
