"""Looks are stored, must cover a whole window, and fail closed; the source here is a file."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.shop import HOUR, MINUTE, until
from tests.live.sources.looking import config, look, states
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.ledger.ledger import one
from zdmigrate.live.fence import close_fence
from zdmigrate.live.looks import store_look
from zdmigrate.live.observe import observe
from zdmigrate.live.sighting import Seen
from zdmigrate.live.sources import sources_of
from zdmigrate.live.verdict import Code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.shop import Shop
    from zdmigrate.config import Config


class Told:
    """A file that tells who runs, and the configuration that reads it."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.table = {"source": "file", "path": str(path), **options}
        self.says([])

    def says(self, instances: list[Any]) -> None:
        self.path.write_text(json.dumps(instances))

    def config(self, **gate: Any) -> Config:
        return config(self.table, **gate)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "live.json")


def codes(shop: Shop, settings: Config) -> set[str]:
    return {reason.code for reason in shop.ask(config=settings).reasons}


def test_what_a_source_lists_is_live_and_what_it_lists_no_more_has_left(shop: Shop, told: Told) -> None:
    told.says([{"version": "v1", "instance": "web-1"}, {"version": "v2", "instance": "web-2"}])
    assert look(shop, told.config()) == {("v1", "web-1"): "live", ("v2", "web-2"): "live"}
    told.says([{"version": "v2", "instance": "web-2"}])
    assert look(shop, told.config()) == {("v1", "web-1"): "left", ("v2", "web-2"): "live"}


def test_the_rollback_window_begins_when_an_instance_was_first_found_gone(shop: Shop, told: Told) -> None:
    told.says(["v1", "v2"])
    look(shop, told.config())
    shop.later(30)
    told.says(["v2"])
    window = told.config(rollback_window=Duration(HOUR * 1000))
    look(shop, window)
    [lately] = [reason for reason in shop.ask(config=window).reasons if reason.version == "v1"]
    assert lately.code == Code.OLD_VERSION_SEEN_LATELY
    assert lately.seconds_left == pytest.approx(HOUR, abs=20)


def test_an_instance_that_comes_back_begins_anew(shop: Shop, told: Told) -> None:
    for listed in (["v1"], [], ["v1"]):
        told.says(listed)
        look(shop, told.config())
        shop.later(10)
    assert states(shop, told.config()) == {("v1", "v1"): "live"}
    [(first, last)] = shop.execute("SELECT first_seen, last_seen FROM zdmigrate.sighting")
    assert first == last


def test_a_source_that_was_never_looked_at_holds_the_gate(shop: Shop, told: Told) -> None:
    shop.beat("v2")
    [reason] = [one_of for one_of in shop.ask(config=told.config()).reasons if one_of.code == Code.SOURCE_SILENT]
    assert (reason.source, reason.sentence) == ("file", "the source file of shop was never looked at")
    look(shop, told.config())
    until(lambda: codes(shop, told.config()) == set())


def test_a_source_that_fails_holds_the_gate_until_it_answers_again(shop: Shop, told: Told) -> None:
    told.says(["v2"])
    look(shop, told.config())
    until(lambda: codes(shop, told.config()) == set())
    told.path.write_text("")
    look(shop, told.config())
    [reason] = shop.ask(config=told.config()).reasons
    assert (reason.code, "is not JSON: nothing" in reason.sentence) == (Code.SOURCE_SILENT, True)
    told.says(["v2"])
    look(shop, told.config())
    assert codes(shop, told.config()) == set()


def test_an_answer_is_worth_as_long_as_a_beat(shop: Shop, told: Told) -> None:
    told.says(["v2"])
    look(shop, told.config())
    shop.later(2 * MINUTE)
    [reason] = [one_of for one_of in shop.ask(config=told.config()).reasons if one_of.code == Code.SOURCE_SILENT]
    assert "was looked at 2 min ago, longer than 1min" in reason.sentence


def window_left(shop: Shop, settings: Config) -> float | None:
    """Seconds that a window of an hour has still to be looked at; None where it was. The test's server is young."""
    [(started,)] = shop.execute("SELECT pg_postmaster_start_time()")
    [(since,)] = shop.execute("SELECT since FROM zdmigrate.look")
    left = [reason for reason in shop.ask(config=settings).reasons if reason.code == Code.OBSERVATION_RESTARTED]
    assert all(reason.source == "file" for reason in left)
    return left[0].seconds_left if left and since > started else None


@pytest.mark.parametrize(("every", "begins_anew"), [(50, False), (70, True)])
def test_a_window_counts_from_the_last_gap_between_two_looks(
    shop: Shop, told: Told, every: int, begins_anew: bool
) -> None:
    told.says(["v2"])
    for _ in range(4):
        look(shop, told.config())
        shop.later(every)
    look(shop, told.config())
    [(since, last)] = shop.execute("SELECT since, last FROM zdmigrate.look")
    assert (last - since) == (timedelta() if begins_anew else pytest.approx(timedelta(seconds=200), abs=timedelta(20)))
    left = window_left(shop, told.config(rollback_window=Duration(HOUR * 1000)))
    assert (left == pytest.approx(HOUR, abs=20)) is begins_anew


def test_a_window_looked_at_by_other_settings_does_not_count(shop: Shop, told: Told, tmp_path: Path) -> None:
    look(shop, told.config())
    shop.later(30)
    other = Told(tmp_path / "other.json")
    look(shop, other.config())
    assert shop.execute("SELECT since = last FROM zdmigrate.look") == [(True,)]


def test_of_two_lookers_the_one_that_asked_later_says_who_is_gone(shop: Shop, told: Told) -> None:
    [source] = sources_of(told.config())
    (early,) = one(shop.connection, "SELECT clock_timestamp()")
    look(shop, told.config())  # asked later, answered first: nobody runs
    store_look(shop.connection, told.config().gate, source, early, [Seen("v1", "web-1")])
    assert states(shop, told.config()) == {("v1", "web-1"): "live"}
    look(shop, told.config())
    assert states(shop, told.config()) == {("v1", "web-1"): "left"}
    store_look(shop.connection, told.config().gate, source, early, [Seen("v1", "web-1")])
    assert states(shop, told.config()) == {("v1", "web-1"): "left"}


def test_where_silence_does_not_mean_absence_an_instance_is_lost(shop: Shop, tmp_path: Path) -> None:
    told = Told(tmp_path / "live.json", silence_means_absence=False)
    told.says(["v1"])
    look(shop, told.config())
    told.says([])
    assert look(shop, told.config()) == {("v1", "v1"): "live"}
    shop.later(2 * MINUTE)
    assert look(shop, told.config()) == {("v1", "v1"): "lost"}
    assert Code.INSTANCE_LOST in codes(shop, told.config())


def test_an_instance_told_twice_is_one_and_what_else_a_source_tells_of_time_is_not_believed(
    shop: Shop, told: Told
) -> None:
    ahead = {"version": "v2", "instance": "web-1", "last_seen": "2999-01-01T00:00:00Z"}
    told.says([ahead, ahead, {"version": "v2", "instance": "web-1", "running": False}])
    look(shop, told.config())
    assert shop.execute(
        "SELECT count(*), bool_and(running), bool_and(last_seen <= clock_timestamp()) FROM zdmigrate.sighting"
    ) == [(1, True, True)]


def test_what_could_start_holds_the_gate_like_what_runs(shop: Shop, told: Told) -> None:
    told.says([{"version": "v1", "instance": "cron", "running": False}, "v2"])
    look(shop, told.config())
    [reason] = [one_of for one_of in shop.ask(config=told.config()).reasons if one_of.version]
    assert (reason.code, "cron could start it" in reason.sentence) == (Code.OLD_VERSION_LIVE, True)


def test_the_fence_looks_by_itself(shop: Shop, told: Told) -> None:
    told.says(["v1", "v2"])
    verdict = close_fence(shop.connection, told.config(), "shop", "c", "v3")
    assert [reason.code for reason in verdict.reasons if reason.version] == [Code.OLD_VERSION_LIVE]
    told.says(["v2"])
    until(lambda: close_fence(shop.connection, told.config(), "shop", "c", "v3").open)


def test_every_source_must_be_quiet(shop: Shop, told: Told, tmp_path: Path) -> None:
    other = Told(tmp_path / "other.json", name="colour")
    both = config(told.table, other.table)
    told.says(["v2"])
    other.says(["v1"])
    assert set(look(shop, both)) == {("v2", "v2"), ("v1", "v1")}
    assert Code.OLD_VERSION_LIVE in codes(shop, both)


def test_a_source_may_speak_for_another_app(shop: Shop, told: Told, tmp_path: Path) -> None:
    shop.of("billing").release("7.2")
    shop.needs("c", [["billing", "7.2"]])
    billing = Told(tmp_path / "billing.json", name="billing", app="billing")
    told.says(["v2"])
    both = config(told.table, billing.table)
    look(shop, both)
    assert codes(shop, both) - {Code.OBSERVATION_RESTARTED} == {Code.OTHER_APP}
    billing.says(["7.2"])
    look(shop, both)
    until(lambda: codes(shop, both) == set())


def test_a_role_that_may_not_write_looks_at_what_others_have_stored(shop: Shop, told: Told) -> None:
    told.says(["v2"])
    look(shop, told.config())
    reader = shop.database.create_role("reader")
    shop.execute(f'GRANT USAGE ON SCHEMA zdmigrate TO "{reader}"')
    with shop.database.connect(user=reader) as connection:
        assert observe(connection, told.config()) == ()


def test_what_no_window_reaches_is_forgotten(shop: Shop, told: Told) -> None:
    told.says(["v1"])
    look(shop, told.config())
    told.says([])
    look(shop, told.config())
    shop.later(49 * HOUR)
    look(shop, told.config())
    assert shop.execute("SELECT count(*) FROM zdmigrate.sighting") == [(0,)]


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ([{"source": "file", "path": "a"}, {"source": "file", "path": "b"}], "two .* are called file"),
        ([{"source": "file", "path": "a", "name": "heartbeat"}], "two .* are called heartbeat"),
        ([{"source": "file", "path": "a", "max_agee": "1min"}], "no option 'max_agee'"),
        ([{"source": "file"}], "needs path"),
        ([{"source": "file", "path": "a", "time_limit": "0s"}], "not longer than nothing"),
        ([{"source": "file", "path": "a", "time_limit": 3}], "time_limit = 3 is not a number with one of"),
        ([{"source": "http", "url": "file:///etc/passwd"}], "no URL of http"),
        ([{"source": "command", "command": []}], "not empty"),
        ([{"source": "postgres"}], "needs application_name"),
        ([{"source": "postgres", "application_name": "web"}], "is no pattern"),
        ([{"source": "postgres", "application_name": "web/{version}", "hard_fence": True}], "no role"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tables: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        sources_of(config(*tables))
