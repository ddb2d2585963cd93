"""Stories are told on a database of their own, in a folder of their own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.stories.harness import Story, shop_schema
from tests.stories.runners import Forge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.database import Database
    from tests.stories.harness import Change


@pytest.fixture
def tell(database: Database, tmp_path: Path) -> Iterator[Callable[..., Story]]:
    """Begins a story of a change, on the shop's schema unless another is given; its promise is checked at the end."""
    with telling(database, tmp_path) as begin:
        yield begin


@pytest.fixture
def tell_on_every_major(any_database: Database, tmp_path: Path) -> Iterator[Callable[..., Story]]:
    """The same, on each major of the matrix."""
    with telling(any_database, tmp_path) as begin:
        yield begin


@contextmanager
def telling(database: Database, folder: Path) -> Iterator[Callable[..., Story]]:
    with ExitStack() as told:

        def begin(change: Change, schema: str = "") -> Story:
            return told.enter_context(Story(database, schema or shop_schema(), change, folder))

        yield begin


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """Starts runners as processes."""
    with Forge(tmp_path) as made:
        yield made
