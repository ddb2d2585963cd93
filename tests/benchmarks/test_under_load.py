"""What benchmarks/under_load.py makes of pgbench's log."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pgbench import Done, Latency, Load
from benchmarks.under_load import Stretch, stretches, within
from zdmigrate.embedded.locate import find


def test_a_transaction_that_was_late_is_counted_from_when_it_was_due() -> None:
    load = Load(find(), "postgresql://", "SELECT 1;", 1)
    Path(load.folder.name, "log.1").write_text("0 1 5000000 0 1795450332 500000 4990000\n")
    assert list(load.read()) == [Done(1795450327.5, 1795450332.5)]
    load.folder.cleanup()


def test_a_transaction_counts_in_every_stretch_that_it_was_under_way_in() -> None:
    first, second = stretches(10.0, [("locks", 12.0), ("backfill", 20.0)])
    assert (first, second) == (Stretch("locks", 10.0, 12.0), Stretch("backfill", 12.0, 20.0))
    across, late = Done(11.0, 13.0), Done(14.0, 14.1)
    assert within([across, late], first) == [across]
    assert within([across, late], second) == [across, late]


def test_the_99th_percentile_is_what_one_in_a_hundred_exceeds() -> None:
    latency = Latency.of([Done(0.0, number / 1000) for number in range(100)])
    assert (latency.number, round(latency.median), round(latency.p99), round(latency.longest)) == (100, 50, 99, 99)
