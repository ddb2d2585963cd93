"""Four instances are replaced one by one under traffic, and one of them does not come up at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rollouts.site import POOL, RUNNER, site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.rollout

INSTANCES = ("web-1", "web-2", "web-3", "web-4")
AT_ONCE = (len(INSTANCES) + 1) * POOL  # one instance is started beside the others


def test_instances_are_replaced_one_by_one_and_no_request_fails(tmp_path: Path) -> None:
    with site("rolling.md", "rolling.cfg", tmp_path, connections=AT_ONCE + RUNNER) as shop:
        for instance in INSTANCES:
            shop.deploys("start", instance, "7.1")
        with shop.load:
            shop.deploys("will_crash", "web-3", "3")
            told = shop.run("sh deploy/rolling.sh 7.2", code=1)
            assert "web-3: 7.2 did not become ready, 3 times" in told
            assert shop.deploys("list") == "web-1 7.2\nweb-2 7.2\nweb-3 7.1\nweb-4 7.1\n"
            told = shop.run("zdmigrate apply --phase contract --release 7.3", code=3)
            assert "drain 7.1" in told
            shop.run("sh deploy/rolling.sh 7.2")
            shop.run("sh deploy/contract.sh 7.3")
            shop.load.goes_on(200)
        shop.ended_contracted()
        assert set(shop.load.served()) == {"7.1", "7.2"}, "both have served"
        assert shop.connections.most_of_app == AT_ONCE, "the pool of the fifth was there, and no sixth"
