"""A run of a rewritten change ended between two messages: resumed to its end, or undone: proof 5.

The short form kills at some points of one way of a tenth of the cases, a quarter of them in every run;
``python -m tests.crash`` is the whole matrix, with lost connections and a restarted server.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.crash.subjects import of_case
from tests.recipes.cases import CASES
from tests.recipes.tenth import a_fortieth_of, commit, in_the_tenth
from tests.stories.crash import Crashes, Fault
from tests.stories.runners import Forge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.recipes.cases import Case
    from tests.servers.database import RunningServer

SOME = 2  # points of a way in the short form


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with Forge(tmp_path) as made:
        yield made


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@a_fortieth_of([case for case in CASES if in_the_tenth(case.name)])
def test_a_runner_killed_at_some_messages_is_resumed_or_reverted(
    case: Case, server: RunningServer, forge: Forge, tmp_path: Path, held: ExitStack
) -> None:
    ways = of_case(case, server, tmp_path, held)
    crashes = Crashes(server, forge, ways[commit() % len(ways)])
    points = crashes.points()
    begin = commit() % len(points)
    tally = crashes.try_all((points[begin:] + points)[:: len(points) // SOME][:SOME], Fault.KILL)
    assert not tally.failures, tally.failures


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_runner_killed_between_any_two_messages_is_resumed_and_reverted(
    case: Case, server: RunningServer, forge: Forge, tmp_path: Path, held: ExitStack
) -> None:
    for crash in of_case(case, server, tmp_path, held):
        crashes = Crashes(server, forge, crash)
        tally = crashes.try_all(crashes.points(), Fault.KILL)
        assert not tally.failures, tally.failures
        assert len(tally.missed) * 20 <= tally.tried, f"points that no run came by: {tally.missed}"
