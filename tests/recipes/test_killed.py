"""A runner killed between any two statements of a rewritten change: resumed to its end, or reverted: proof 5."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.recipes.cases import CASES
from tests.recipes.killed import Killings
from tests.recipes.tenth import commit, in_the_tenth
from tests.stories.runners import Forge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.recipes.bench import Bench
    from tests.recipes.cases import Case

SOME = 8  # in the short form, one point of so many


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with Forge(tmp_path) as made:
        yield made


def tried(killings: Killings, every: int) -> int:
    """Points resumed from and reverted from: all of them both ways, or some, in turn."""
    points, number = killings.points(), count(commit() % every)
    for command, point in points:
        turn = next(number)
        if every > 1 and turn % every:
            continue
        if killings.can_revert(command) and (every == 1 or turn % (2 * every)):
            killings.reverted(point)
        if every == 1 or not (killings.can_revert(command) and turn % (2 * every)):
            killings.resumed(command, point)
    return len(points)


@pytest.mark.parametrize("case", [case for case in CASES if in_the_tenth(case.name)], ids=lambda case: case.name)
def test_a_runner_killed_at_some_statements_is_resumed_or_reverted(
    bench: Callable[[Case], Bench], forge: Forge, case: Case
) -> None:
    assert tried(Killings(bench(case), forge), SOME)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_runner_killed_between_any_two_statements_is_resumed_and_reverted(
    bench: Callable[[Case], Bench], forge: Forge, case: Case
) -> None:
    assert tried(Killings(bench(case), forge), 1)
