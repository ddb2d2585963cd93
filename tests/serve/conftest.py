"""The shop of the gate's tests, served."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.live.conftest import ledger, shop
from zdmigrate.config import Config
from zdmigrate.serve.server import Answers, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.shop import Shop

__all__ = ["ledger", "shop"]
CHANGE = "-- zdmigrate: expand\nALTER TABLE users ADD x int;\n-- zdmigrate: contract\nALTER TABLE users DROP y;\n"


@contextmanager
def serving(
    dsn: str, folder: str = "/nowhere", release: str | None = None, settings: Config | None = None
) -> Iterator[Server]:
    """A server of this process, on a port of its own."""
    answers = Answers(dsn, settings or Config(app="shop", dir=folder), release)
    try:
        with Server(("127.0.0.1", 0), answers) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()
    finally:
        answers.close()


@pytest.fixture
def served(shop: Shop, tmp_path: Path) -> Iterator[Server]:
    """The shop, whose change ``c`` has a file with a contract."""
    (tmp_path / "c.sql").write_text(CHANGE)
    with serving(shop.database.dsn, str(tmp_path)) as server:
        yield server
