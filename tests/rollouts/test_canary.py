"""A canary with 1, 10, 50 and 100 % of the traffic, watched by guards that ask a real Prometheus."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.rollouts.site import POOL, RUNNER, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rollouts.site import Site

pytestmark = pytest.mark.rollout

AT_ONCE = (2 + 2) * POOL


@contextmanager
def before_a_bad_canary(folder: Path, build: str) -> Iterator[Site]:
    """Two instances of 7.1, and a 7.2 that is not as it should be."""
    with site("canary.md", "rolling.cfg", folder, connections=AT_ONCE + RUNNER, guarded=True) as shop:
        for instance in ("web-1", "web-2"):
            shop.deploys("start", instance, "7.1")
        shop.deploys("is_built", "7.2", build)
        yield shop


def test_a_bad_canary_is_withdrawn_and_a_good_one_is_promoted(tmp_path: Path) -> None:
    with before_a_bad_canary(tmp_path, "v2_failing") as shop:
        with shop.load:
            shop.until_measured()
            told = shop.run("sh deploy/canary.sh 7.2 3s", code=1)
            assert "guard errors of the canary" in told
            assert shop.deploys("list") == "web-1 7.1\nweb-2 7.1\n"
            shop.run("sh deploy/canary.sh 7.3 1500ms")
            assert shop.deploys("list") == "canary-1 7.3\ncanary-2 7.3\n"
            shop.run("zdmigrate apply --phase contract --release 7.3 --wait 30s")
        shop.ended_contracted(excused="7.2")
        served = shop.load.served()
        assert set(served) == {"7.1", "7.2", "7.3"}
        assert served["7.2"] < served["7.1"] / 10


def test_the_expand_of_a_bad_canary_is_undone_where_that_is_asked_for(tmp_path: Path) -> None:
    with before_a_bad_canary(tmp_path, "v2_slow") as shop:
        with shop.load:
            shop.until_measured()
            told = shop.run("sh deploy/canary_or_revert.sh 7.2 3s", code=1)
            assert "guard p99 of the worse stage" in told
            assert shop.state() == "reverted"
            assert "full_name" not in shop.columns()
            shop.load.goes_on(200)
        shop.no_request_failed()
        shop.no_write_is_lost("name")
        assert "is reverted" in shop.was_drawn("canary-reverted.svg")
