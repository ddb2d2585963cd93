"""The verdict: which figures make the demo fail, and how the others look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zdmigrate.demo.figures import Figures, VersionFigures, broken, how_measured, table
from zdmigrate.demo.lock_waits import Wait
from zdmigrate.demo.screen import Screen
from zdmigrate.demo.story import the_figures

V1 = VersionFigures(queries=12_345, writes=6_000, failures=(), longest_wait=Wait(0.0041, "shop v1", "a row", 1))
V2 = VersionFigures(queries=8_000, writes=4_000, failures=(), longest_wait=None)
GOOD = Figures(
    versions={"v1": V1, "v2": V2},
    lock_budget=0.2,
    looks=4_000,
    widest_gap=0.0213,
    checks=40,
    disagreed=0,
    rows=50_000,
    lost={},
    seconds=18.2,
)
DRAWN = """
                                      v1          v2
      queries                     12,345       8,000
      acknowledged writes          6,000       4,000
      failed queries                   0           0
      longest lock wait           4.1 ms   none seen   budget 200 ms

      lost writes                      0   all 50,000 users were compared
      names that disagreed             0   in 40 checks of all users
      duration                      18 s
"""


def faults(figures: Figures) -> str:
    return "\n".join(broken(figures))


def test_good_figures_break_nothing() -> None:
    assert faults(GOOD) == ""


def test_one_failed_query_breaks_it_and_is_told() -> None:
    failed = replace(V1, failures=['v1: column "name" does not exist (42703)'])
    told = faults(replace(GOOD, versions={"v1": failed, "v2": V2}))
    assert told == '1 query failed (v1: column "name" does not exist (42703))'


def test_of_many_failed_queries_three_are_told() -> None:
    failed = replace(V2, failures=["a", "b", "c", "d"])
    assert faults(replace(GOOD, versions={"v1": V1, "v2": failed})) == "4 queries failed (a; b; c …)"


def test_a_lost_write_breaks_it_and_names_the_user() -> None:
    told = faults(replace(GOOD, lost={"user7@shop.example": "'old' instead of 'new'"}))
    assert told == "1 write was lost (user7@shop.example: 'old' instead of 'new')"


def test_names_that_disagree_break_it() -> None:
    assert faults(replace(GOOD, disagreed=3)) == "the two names of 3 rows disagreed"


def test_a_wait_over_the_budget_breaks_it() -> None:
    waited = replace(V2, longest_wait=Wait(0.2004, "shop v2", "AccessShareLock on users", 1))
    told = faults(replace(GOOD, versions={"v1": V1, "v2": waited}))
    assert told == "a query of v2 waited 200.4 ms for AccessShareLock on users; the budget is 200 ms"


def test_a_version_that_ran_nothing_proves_nothing() -> None:
    assert faults(replace(GOOD, versions={"v1": V1, "v2": replace(V2, queries=0)})) == "v2 ran no query"


def test_names_that_were_never_compared_prove_nothing() -> None:
    assert faults(replace(GOOD, checks=0)) == "it was never checked whether the two names agree"


@pytest.mark.parametrize(
    "figures",
    [
        replace(GOOD, versions={"v1": replace(V1, failures=["v1: canceled (57014)"]), "v2": V2}),
        replace(GOOD, lost={"user7@shop.example": "nobody instead of 'new'"}),
        replace(GOOD, disagreed=1),
        replace(GOOD, versions={"v1": replace(V1, longest_wait=Wait(0.3, "shop v1", "a row", 1)), "v2": V2}),
    ],
    ids=["a failed query", "a lost write", "names that disagree", "a long wait"],
)
def test_the_exit_code_is_1_and_the_fault_is_told_after(figures: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    assert the_figures(Screen(), figures) == 1
    told = capsys.readouterr().out
    assert "It did not hold: " in told
    assert "No query failed" not in told


def test_the_exit_code_of_good_figures_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert the_figures(Screen(), GOOD) == 0
    assert "It did not hold" not in capsys.readouterr().out


def test_the_table_fits_into_80_columns() -> None:
    drawn = table(GOOD)
    assert max(map(len, drawn.splitlines())) <= 80
    assert drawn == DRAWN.strip("\n").replace("\n    ", "\n").removeprefix("    ")


def test_the_footnote_says_what_the_longest_wait_is_worth() -> None:
    told = how_measured(GOOD, 0.1)
    assert "4,000 times, at most 21 ms apart" in told
    assert "None over 100 ms can be missed" in told
