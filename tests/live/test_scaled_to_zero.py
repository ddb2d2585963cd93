"""An app that is scaled to zero: an operator's word for each old release is the evidence that the gate asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.live.shop import HOUR, until
from tests.live.sources.looking import config, look
from zdmigrate.errors import NotYet, UsageError
from zdmigrate.live.instances import retire_lost
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.shop import Shop
    from zdmigrate.config import Config


def codes(shop: Shop, settings: Config) -> set[str]:
    return {reason.code for reason in shop.ask(config=settings).reasons}


@pytest.fixture
def asleep(tmp_path: Path) -> Config:
    """A source that says: v1 could start, and nothing runs."""
    told = tmp_path / "live.json"
    told.write_text(json.dumps([{"version": "v1", "instance": "deployment/shop", "running": False}]))
    return config({"source": "file", "path": str(told)})


def test_an_operators_word_opens_the_gate_of_an_app_at_zero(shop: Shop, asleep: Config) -> None:
    look(shop, asleep)
    assert {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE} <= codes(shop, asleep)
    assert retire_lost(shop.connection, asleep, "v1", None, "scaled to zero for good") == ("deployment/shop",)
    until(lambda: shop.ask(config=asleep).open)
    look(shop, asleep)  # it is listed still, and is known not to run
    assert shop.ask(config=asleep).open


def test_what_was_retired_and_runs_again_counts_again(shop: Shop, asleep: Config) -> None:
    look(shop, asleep)
    retire_lost(shop.connection, asleep, "v1", None, "scaled to zero for good")
    until(lambda: shop.ask(config=asleep).open)
    shop.beat("v1")
    assert {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE} <= codes(shop, asleep)
    shop.goodbye("v1")
    assert Code.NO_EVIDENCE in codes(shop, asleep), "the word was older than the instance"


def test_every_old_release_must_be_spoken_for(shop: Shop, asleep: Config) -> None:
    shop.release("v1.1")
    retire_lost(shop.connection, asleep, "v1", None, "scaled to zero for good")
    assert Code.NO_EVIDENCE in codes(shop, asleep)
    retire_lost(shop.connection, asleep, "v1.1", None, "was never deployed")
    until(lambda: shop.ask(config=asleep).open)


def test_the_rollback_window_begins_with_the_word(shop: Shop, asleep: Config) -> None:
    retire_lost(shop.connection, asleep, "v1", None, "scaled to zero for good")
    window = asleep.changed(gate=asleep.gate.changed(rollback_window=asleep.gate.lost_window))
    [*_, reason] = [one for one in shop.ask(config=window).reasons if one.source == "operator"]
    assert reason.code == Code.OBSERVATION_RESTARTED
    assert reason.seconds_left == pytest.approx(24 * HOUR, abs=HOUR)


def test_an_instance_alone_is_no_word_for_its_release(shop: Shop, asleep: Config) -> None:
    look(shop, asleep)
    retire_lost(shop.connection, asleep, "v1", "deployment/shop", "deleted")
    assert Code.NO_EVIDENCE in codes(shop, asleep)


def test_what_runs_is_not_retired_and_what_nobody_knows_neither(shop: Shop, asleep: Config) -> None:
    shop.beat("v1")
    with pytest.raises(NotYet, match="web-1 was seen"):
        retire_lost(shop.connection, asleep, "v1", None, "hurry")
    with pytest.raises(UsageError, match="was ever seen"):
        retire_lost(shop.connection, asleep, "v9", None, "a typo")
