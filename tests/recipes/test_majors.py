"""A tenth of the cases on every major of the matrix, another tenth at each commit: proofs 1 to 4."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.recipes.bench import FORTH, Bench, difference, same_rows, same_schema
from tests.recipes.cases import CASES
from tests.recipes.dump import dumped
from tests.recipes.tenth import in_the_tenth
from tests.recipes.test_both_versions import life_of, versions_differ
from tests.servers.choose import matrix

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recipes.cases import Case
    from tests.servers.database import RunningServer

TENTH = [case for case in CASES if case.for_every_major and in_the_tenth(case.name)]
# On the ordinary server alone, the other files try them all.
every_case = pytest.mark.parametrize("case", TENTH if matrix() else TENTH[:1], ids=lambda case: case.name)


@pytest.mark.matrix
@every_case
def test_a_recipe_holds_on_every_major(any_server: RunningServer, case: Case, tmp_path: Path) -> None:
    with ExitStack() as held:
        on = Bench(any_server, case, tmp_path, held)
        if versions_differ(case):
            both_versions(on, case)
        else:
            on.rewrite()
        forth_and_back(on, case)


def both_versions(on: Bench, case: Case) -> None:
    wanted = on.database()
    with life_of(on, case) as life:
        life.together()
        life.contract()
    life.replay(wanted)
    on.migrate(wanted)
    same_schema(life.database, wanted)
    same_rows(life.database, wanted, case.numbered)


def forth_and_back(on: Bench, case: Case) -> None:
    database, untouched, naive = on.database(), on.as_reverted(), on.run_naive()
    on.run(database, *FORTH)
    on.run(database, "revert")
    assert not difference(dumped(untouched), dumped(database))
    on.run(database, *FORTH, "contract")
    same_schema(database, naive)
    same_rows(database, naive, case.numbered)
