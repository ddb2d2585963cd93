"""The arithmetic of asking for locks, and of batches: no database, no clock of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zdmigrate.plan.step import LINES
from zdmigrate.run.backfills.batch_size import FULL, LARGEST, BatchSize
from zdmigrate.run.backfills.pace import Pace
from zdmigrate.run.patience import FIRST_PATIENCE, LONGEST_LOOK, SHORTEST_LOOK, Patience

BUDGET = 0.2


def test_patience_doubles_with_each_second_of_short_transactions_up_to_the_budget() -> None:
    patience, seen = Patience(BUDGET, 0.0), []
    for tenths in range(1, 100):
        patience.failed(tenths / 10)
        seen.append(patience.seconds)
    assert sorted(set(seen)) == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16, 0.2])
    assert seen == sorted(seen)


def test_a_long_transaction_in_the_way_makes_nobody_more_patient() -> None:
    patience = Patience(BUDGET, 0.0)
    for second in range(1, 60):
        patience.wait(float(second))
    assert patience.seconds == FIRST_PATIENCE
    assert patience.failed(59.5) == FIRST_PATIENCE, "the second begins when the long one has gone"


def test_looks_become_rarer_while_somebody_stays_and_frequent_again_after_a_try() -> None:
    patience = Patience(BUDGET, 0.0)
    pauses = [patience.wait(0.0) for _ in range(20)]
    assert pauses[0] == SHORTEST_LOOK
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_LOOK
    patience.failed(0.0)
    assert patience.wait(0.0) == SHORTEST_LOOK


def test_a_holder_is_too_old_when_it_has_been_there_longer_than_we_would_make_others_wait() -> None:
    patience = Patience(BUDGET, 0.0)
    assert not patience.too_old([])
    assert not patience.too_old([0.0, FIRST_PATIENCE])
    assert patience.too_old([0.0, FIRST_PATIENCE * 1.1])


@given(budget=st.floats(0.001, 5.0), moments=st.lists(st.floats(0.0, 10.0), max_size=50))
def test_nobody_is_asked_for_longer_than_the_budget(budget: float, moments: list[float]) -> None:
    patience, now = Patience(budget, 0.0), 0.0
    for step in moments:
        now += step
        assert 0 < patience.failed(now) <= budget


@given(target=st.floats(0.01, 1.0), took=st.lists(st.one_of(st.none(), st.floats(0.0, 100.0)), max_size=60))
def test_a_batch_has_whole_blocks_or_a_part_of_one_and_never_too_many(target: float, took: list[float | None]) -> None:
    """None is a batch that met a lock."""
    size = BatchSize(target)
    for seconds in took:
        size.halve() if seconds is None else size.took(size.places, seconds)
        assert 1 <= size.places <= LARGEST * LINES
        assert size.places % LINES == 0 or size.places <= FULL


def test_a_batch_grows_while_it_is_quick_and_shrinks_when_it_is_slow() -> None:
    size = BatchSize(0.1)
    first = size.places
    size.took(first, 0.001)
    assert size.places == first * 1.5
    grown = size.places
    size.took(grown // 3, 0.001)
    assert size.places == grown, "the end of a range says little"
    size.took(grown, 10.0)
    assert size.places < grown


def test_a_batch_that_met_a_lock_aims_at_a_tenth_and_regains_its_aim_in_time() -> None:
    size = BatchSize(0.1)
    for _ in range(9):
        size.took(size.places, 0.1)
    usual = size.places
    size.halve()
    for _ in range(9):
        size.took(size.places, 0.1 * size.places / usual)
    assert size.places < usual / 5
    for _ in range(400):
        size.took(size.places, 0.1 * size.places / usual)
    assert size.places > usual * 0.9


def test_where_one_block_takes_too_long_a_batch_is_a_part_of_it_down_to_a_row() -> None:
    size = BatchSize(0.1)
    while size.places > 1:
        before = size.places
        size.halve()
        assert size.places < before
    for _ in range(30):
        size.took(size.places, 0.001)
    assert size.places >= LINES


def test_a_batch_that_the_section_fixes_comes_back_to_its_size_after_a_lock() -> None:
    size = BatchSize(0.1, 40)
    size.halve()
    assert size.places == 20 * LINES
    for _ in range(9):
        size.took(size.places, 0.001)
    assert size.places == 40 * LINES


def test_a_pace_is_that_of_the_last_half_minute_and_goes_on_from_an_earlier_run() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.rows == 0
    assert pace.seconds_for(10) is None
    resumed = Pace(lambda: now[0], rows=1000, blocks=50, seconds=10)
    assert resumed.rows == 100
    assert resumed.seconds_for(10) == 2
    for second in range(1, 100):
        now[0] = float(second)
        pace.add(rows=500 * min(second, 40), blocks=10 * min(second, 40))
    assert pace.rows == 0, "nothing came in the last half minute"
    for second in range(100, 140):
        now[0] = float(second)
        pace.add(rows=20_000 + 500 * (second - 100), blocks=400 + 10 * (second - 100))
    assert pace.rows == pytest.approx(500)
    assert pace.seconds_for(100) == pytest.approx(10)
