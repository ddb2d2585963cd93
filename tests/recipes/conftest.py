"""A case on databases of its own, all cloned from one that holds the furniture."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.recipes.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.recipes.cases import Case
    from tests.servers.database import RunningServer


@pytest.fixture
def bench(server: RunningServer, tmp_path: Path) -> Iterator[Callable[[Case], Bench]]:
    """Puts a case onto the bench: the file rewritten, and a database for each way to run it."""
    with ExitStack() as held:
        yield lambda case: Bench(server, case, tmp_path, held)
