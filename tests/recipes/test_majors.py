"""On the other majors: a tenth of the cases, another one with each commit."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.recipes.bench import FORTH, Bench, difference, same_rows, same_schema
from tests.recipes.cases import CASES
from tests.recipes.dump import dumped

if TYPE_CHECKING:
    from tests.recipes.cases import Case
    from tests.servers.database import RunningServer

TENTHS = 10


def this_tenth() -> int:
    """What the commit's number says; 0 outside of a checkout."""
    command = ["git", "rev-parse", "HEAD"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return int(ran.stdout[:8], 16) % TENTHS if ran.returncode == 0 else 0


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES[this_tenth() :: TENTHS], ids=lambda case: case.name)
def test_forth_back_and_forth_again(any_server: RunningServer, tmp_path: Path, case: Case) -> None:
    with ExitStack() as held:
        on = Bench(any_server, case, tmp_path, held)
        naive, untouched, database = on.run_naive(), on.as_reverted(), on.database()
        on.rewrite("database")
        on.run(database, *FORTH)
        on.run(database, "revert")
        differs = difference(dumped(untouched), dumped(database))
        assert not differs, f"{case.name}: {differs}"
        on.run(database, *FORTH, "contract")
        same_schema(database, naive)
        same_rows(database, naive, case.numbered)
