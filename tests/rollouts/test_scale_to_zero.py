"""Versions that run only while they are called: what sleeps could start, and holds the gate until it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rollouts.site import POOL, RUNNER, site
from tests.run.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rollouts.site import Site

pytestmark = pytest.mark.rollout

AT_ONCE = 2 * POOL


def test_what_sleeps_holds_the_gate_until_it_cannot_start(tmp_path: Path) -> None:
    with site("scale-to-zero.md", "serverless.cfg", tmp_path, connections=AT_ONCE + RUNNER) as shop:
        shop.deploys("publish", "7.1")
        shop.deploys("alias", "7.1", "100")
        with shop.load:
            shop.run("sh deploy/serverless.sh 7.2 0.5")
            until(lambda: running(shop) == {"7.2"})
            told = shop.run("zdmigrate apply --phase contract --release 7.3", code=3)
            assert "could start" in told
            assert "alias/live:7.1" in shop.run("zdmigrate live explain 7.1")
            shop.load.rests()
            until(lambda: running(shop) == set())
            shop.load.wakes()
            shop.run("sh deploy/retire.sh 7.1 7.3")
            told = shop.run("deploy start web-1 7.1", code=1)
            assert "did not become ready" in told
        shop.ended_contracted()
        assert set(shop.load.served()) == {"7.1", "7.2"}


def running(shop: Site) -> set[str]:
    """The versions of which an instance beats."""
    found = shop.database.execute("SELECT version FROM zdmigrate.instance WHERE app = 'shop' AND left_at IS NULL")
    return {version for (version,) in found}
