"""Forth, back, and forth again: a rewritten migration ends where the naive one ends, and leaves no trace on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.bench import FORTH, difference, same_rows, same_schema
from tests.recipes.cases import CASES
from tests.recipes.dump import dumped
from tests.recipes.tenth import a_tenth_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recipes.bench import Bench
    from tests.recipes.cases import Case

every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
# Databases for all of them take minutes: .ci/run has these, `pytest` a tenth.
case_on_a_server = a_tenth_of(CASES, others=pytest.mark.whole)


@case_on_a_server
def test_expand_and_contract_leave_what_the_naive_migration_leaves(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    naive, database = on.run_naive(), on.database()
    on.rewrite()
    on.apply(database)
    same_schema(database, naive)
    same_rows(database, naive, case.numbered)


@case_on_a_server
def test_revert_leaves_what_was_there_and_all_can_begin_again(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    naive, untouched, database = on.run_naive(), on.as_reverted(), on.database()
    on.rewrite("database")
    on.run(database, *FORTH)
    on.run(database, "revert")
    assert not difference(dumped(untouched), dumped(database))
    same_rows(database, untouched)
    on.run(database, *FORTH, "contract")
    same_schema(database, naive)
    same_rows(database, naive, case.numbered)


@every_case
def test_what_rewrite_writes_lints_clean(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    text = on.rewrite()
    printed = on.zdmigrate("lint", str(on.file), "--fail-on", "warning")
    assert printed.code == 0, f"{printed.text}\n{text}"


def undone_after(on: Bench, steps: int) -> None:
    """An expand that stopped behind so many steps is taken back by the same revert."""
    untouched, database = on.as_reverted(), on.database()
    on.run(database, *FORTH, steps=steps)
    on.run(database, "revert", forgiving=True)
    differs = difference(dumped(untouched), dumped(database))
    assert not differs, f"after {steps} steps: {differs}"


@case_on_a_server
def test_an_expand_that_stopped_half_way_is_undone(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    on.rewrite()
    count = len(on.steps(*FORTH))
    if count > 1 and not case.stays:
        undone_after(on, count // 2)


@pytest.mark.long
@every_case
def test_an_expand_that_stopped_anywhere_is_undone(bench: Callable[[Case], Bench], case: Case) -> None:
    on = bench(case)
    on.rewrite("database")
    for steps in range(1, len(on.steps(*FORTH))) if not case.stays else ():
        undone_after(on, steps)
