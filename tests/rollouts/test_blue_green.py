"""Two colours on one database: switched, switched back once, switched forward, contracted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rollouts.site import POOL, RUNNER, site

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rollouts.site import Site

pytestmark = pytest.mark.rollout

AT_ONCE = 2 * 2 * POOL


def test_traffic_switches_back_and_forth_and_no_request_fails(tmp_path: Path) -> None:
    with site("blue-green.md", "blue-green.cfg", tmp_path, connections=AT_ONCE + RUNNER) as shop:
        shop.deploys("fill", "blue", "7.1")
        with shop.load:
            shop.run("sh deploy/blue_green.sh 7.2")
            only_served_by(shop, "7.2")
            told = shop.run("zdmigrate apply --phase contract --release 7.3", code=3)
            assert "drain 7.1" in told, "blue is kept, and keeps the gate shut"
            shop.run("sh deploy/back.sh 7.1")
            only_served_by(shop, "7.1")
            shop.run("sh deploy/back.sh 7.2")
            only_served_by(shop, "7.2")
            shop.run("sh deploy/give_up_the_idle.sh 7.3")
            shop.run("sh deploy/back.sh 7.1", code=1)
            told = shop.run("deploy fill blue 7.1", code=1)
            assert "did not become ready" in told
            only_served_by(shop, "7.2")
        shop.ended_contracted()
        assert shop.connections.most_of_app == AT_ONCE, "both pools were there at once"


def only_served_by(shop: Site, release: str) -> None:
    """From now on; what is under way at the switch ends where it began."""
    shop.load.goes_on(len(shop.load.clients))
    before = shop.load.served()
    shop.load.goes_on()
    more = {version for version, count in shop.load.served().items() if count > before.get(version, 0)}
    assert more == {release}
