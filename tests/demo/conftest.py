"""A small shop on a server that logs as the demo's own does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo.small_shop import SmallShop
from zdmigrate.demo.shop import LOG_SETTINGS, Users, build_shop, open_shop
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shop() -> Iterator[SmallShop]:
    with Server.start(find(), settings=LOG_SETTINGS) as server:
        build_shop(server.dsn())
        opened = SmallShop(server, Users(2_000))
        open_shop(opened.dsn, opened.users)
        yield opened
