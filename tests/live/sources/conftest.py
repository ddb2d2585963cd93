"""What sources look at: a file, an HTTP server that plays what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.conftest import ledger, shop
from tests.live.sources.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["endpoint", "ledger", "shop"]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An HTTP server on this machine; nothing is there until the test puts it."""
    with Endpoint.started() as started:
        yield started
