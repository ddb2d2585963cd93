"""The gate: every condition alone, all of them together, and what time does to them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.live.shop import AT_ONCE, CONFIG, HOUR, MINUTE, until
from zdmigrate.config import Config, LiveSource
from zdmigrate.duration import Duration
from zdmigrate.errors import ConfigError
from zdmigrate.ledger.connection import connect
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.live.gate import ask_gate
from zdmigrate.live.registry import bind_change, register_release
from zdmigrate.live.sources import sources_of
from zdmigrate.live.verdict import Code, Reason

if TYPE_CHECKING:
    from tests.live.shop import Shop
    from zdmigrate.embedded.server import Server

DEFAULT = Config(app="shop")

OLD = {  # what became of the instance of v1: seconds since its last beat, whether it left, what the gate says
    "never seen": None,
    "live": (1, False, Code.OLD_VERSION_LIVE),
    "left a minute ago": (MINUTE, True, Code.OLD_VERSION_SEEN_LATELY),
    "left an hour ago": (HOUR, True, None),
    "lost for two minutes": (2 * MINUTE, False, Code.INSTANCE_LOST),
    "lost for an hour": (HOUR, False, Code.INSTANCE_LOST),
    "lost for two days": (48 * HOUR, False, None),
}
NEW = {
    "v2 is live": (1, False, None),
    "v2 left a minute ago": (MINUTE, True, Code.NO_EVIDENCE),
    "v2 is lost": (HOUR, False, Code.NO_EVIDENCE),
    "v2 was never seen": None,
}
RELEASE = {
    "v3": None,
    "v2": Code.SAME_RELEASE,
    "v1": Code.RELEASE_LACKS_CHANGE,
    "never registered": Code.RELEASE_LACKS_CHANGE,
}
OTHER = {
    "no other app": None,
    "unnamed and live": Code.OTHER_APP,
    "named, the old one live": Code.OTHER_APP,
    "named, the old one gone": None,
    "ignored": None,
}


def test_the_gate_is_open_exactly_when_every_condition_holds(shop: Shop) -> None:
    """The truth table: each condition adds its own reason, whatever the others say."""
    for (old, new), (release, why), (other, asks) in product(product(OLD, NEW), RELEASE.items(), OTHER.items()):
        with shop.connection.transaction(force_rollback=True):
            expected = {why, asks, *(_seen(shop, "v1", OLD[old]))}
            expected |= {Code.NO_EVIDENCE} if NEW[new] is None else _seen(shop, "v2", NEW[new])
            config = _other_app(shop, other)
            assert shop.codes(release, config) == expected - {None}, (old, new, release, other)


def _seen(shop: Shop, version: str, told: tuple[int, bool, Code | None] | None) -> set[Code | None]:
    if told is None:
        return set()
    ago, left, code = told
    shop.seen(version, ago, left=left)
    return {code}


def _other_app(shop: Shop, other: str) -> Config:
    billing = shop.of("billing")
    if other == "no other app":
        return DEFAULT
    for version in ("7.1", "7.2"):
        billing.release(version)
    billing.seen("7.1", HOUR if other == "named, the old one gone" else 1, left=other == "named, the old one gone")
    billing.seen("7.2", 1)
    if other.startswith("named"):
        shop.needs("c", [["billing", "7.2"]])
    return DEFAULT.changed(apps_ignored=("billing",)) if other == "ignored" else DEFAULT


def test_an_open_gate_has_nothing_to_say(shop: Shop) -> None:
    shop.seen("v2", 1)
    verdict = shop.ask()
    assert (verdict.open, verdict.reasons, verdict.seconds_left) == (True, (), None)


def test_a_release_that_was_never_registered_is_old(shop: Shop) -> None:
    shop.beat("v2")
    shop.beat("hotfix-7")
    [reason] = shop.ask().reasons
    assert (reason.code, reason.version, reason.instance) == (Code.OLD_VERSION_LIVE, "hotfix-7", "web-1")


def test_a_hotfix_from_an_old_branch_is_old_however_late_it_is_registered(shop: Shop) -> None:
    shop.beat("v2")
    shop.release("v1.1")
    shop.beat("v1.1")
    assert shop.codes() == {Code.OLD_VERSION_LIVE}


def test_a_change_bound_to_a_later_release_waits_for_it(shop: Shop) -> None:
    bind_change(shop.connection, "shop", "c", "v3")
    shop.beat("v2")
    assert shop.codes() == {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE, Code.SAME_RELEASE}
    assert shop.codes("v2") == {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE, Code.RELEASE_LACKS_CHANGE}


def test_a_change_that_no_release_brought_is_known_to_none(shop: Shop) -> None:
    shop.expand("d")
    shop.beat("v2")
    assert shop.codes(change="d") == {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE, Code.RELEASE_LACKS_CHANGE}


def test_the_same_release_may_contract_where_the_configuration_says_so(shop: Shop) -> None:
    shop.beat("v2")
    assert shop.codes("v2") == {Code.SAME_RELEASE}
    assert shop.codes("v2", CONFIG.changed(gate=AT_ONCE.changed(same_release=True))) == set()


def test_each_reason_says_how_long_it_holds_still(shop: Shop) -> None:
    shop.seen("v1", 10 * MINUTE, left=True, instance="left")
    shop.seen("v1", HOUR, instance="lost")
    shop.seen("v2", 1)
    still = {reason.instance: reason.seconds_left for reason in shop.ask(config=DEFAULT).reasons}
    assert still["left"] == pytest.approx(20 * MINUTE, abs=MINUTE)
    assert still["lost"] == pytest.approx(23 * HOUR, abs=MINUTE)


def test_the_longer_of_two_windows_holds_a_lost_instance(shop: Shop) -> None:
    gate = DEFAULT.gate.changed(rollback_window=Duration(3 * HOUR * 1000), lost_window=Duration(HOUR * 1000))
    shop.seen("v1", 2 * HOUR, instance="lost")
    shop.seen("v2", 1)
    assert shop.codes(config=DEFAULT.changed(gate=gate)) == {Code.OLD_VERSION_SEEN_LATELY}


def test_a_version_that_knows_the_change_but_is_retired_is_no_evidence(shop: Shop) -> None:
    """v2 was built without d, whose contract has begun; that it knows c does not make it a version to go on with."""
    shop.release("v4", "c", "d")
    shop.expand("d")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'd', 'v4')")
    shop.beat("v2")
    assert shop.codes() == {Code.NO_EVIDENCE}


def test_a_retired_instance_that_beats_on_holds_the_next_gate(shop: Shop) -> None:
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    shop.release("v4", "c", "d")
    shop.expand("d")
    assert (shop.beat("v1"), shop.beat("v4")) == ("retired", "ok")
    assert Code.OLD_VERSION_LIVE in shop.codes("v4", change="d")


def test_registered_versions_that_never_beat_are_told_as_not_fenced(shop: Shop) -> None:
    shop.beat("v2")
    assert shop.ask().not_fenced == ("v1",)
    assert shop.ask().open
    shop.seen("v1", HOUR, left=True)
    assert shop.ask().not_fenced == ()


# --------------------------------------------------------------------------- other apps


@pytest.mark.parametrize("how", ["registered", "live"])
def test_another_app_on_the_database_must_be_named_whether_registered_or_live(shop: Shop, how: str) -> None:
    shop.beat("v2")
    shop.of("billing").release("7.1") if how == "registered" else shop.of("billing").beat("7.1")
    [reason] = shop.ask().reasons
    assert (reason.code, reason.app, reason.version) == (Code.OTHER_APP, "billing", None)


def test_a_needed_release_that_nobody_registered_holds_the_gate(shop: Shop) -> None:
    shop.beat("v2")
    shop.needs("c", [["billing", "7.2"]])
    shop.of("billing").beat("7.2")
    [reason] = shop.ask().reasons
    assert (reason.code, reason.app, reason.version) == (Code.OTHER_APP, "billing", "7.2")


def test_silence_of_a_needed_app_is_not_evidence(shop: Shop) -> None:
    shop.beat("v2")
    shop.of("billing").release("7.2")
    shop.needs("c", [["billing", "7.2"]])
    assert shop.codes() == {Code.OTHER_APP}
    shop.of("billing").beat("7.2")
    assert shop.codes() == set()


# --------------------------------------------------------------------------- observation


def test_the_window_begins_again_when_the_server_starts(own_server: Server) -> None:
    with connect(own_server.dsn()) as connection:
        create_ledger(connection)
        register_release(connection, "shop", "v1", ["c"])
        connection.execute(
            "INSERT INTO zdmigrate.change (app, id, state, bound_to) VALUES ('shop', 'c', 'expanded', 'v1')"
        )
        register_release(connection, "shop", "v2", ["c"])
        connection.execute(
            "INSERT INTO zdmigrate.instance (app, version, instance, first_seen)"
            " VALUES ('shop', 'v1', 'web-1', clock_timestamp() - interval '1 day')"
        )
    own_server.restart()
    with connect(own_server.dsn()) as connection:
        [reason] = ask_gate(connection, DEFAULT, "shop", "c", "v2").reasons
        assert reason.code == Code.OBSERVATION_RESTARTED
        assert reason.seconds_left == pytest.approx(30 * MINUTE, abs=MINUTE)
        soon = DEFAULT.changed(gate=DEFAULT.gate.changed(rollback_window=Duration(300)))
        until(lambda: ask_gate(connection, soon, "shop", "c", "v2").open)


@pytest.mark.parametrize(("gap", "why"), [(40, set()), (5 * MINUTE, {Code.OBSERVATION_RESTARTED})])
def test_the_window_begins_again_after_a_gap_in_all_beats(shop: Shop, gap: int, why: set[Code]) -> None:
    """v2 began just now; whoever beat last before that left ``gap`` seconds earlier."""
    until(lambda: shop.execute("SELECT clock_timestamp() - pg_postmaster_start_time() > '4 s'") == [(True,)])
    config = CONFIG.changed(gate=CONFIG.gate.changed(rollback_window=Duration(4000)))
    shop.seen("v3", gap, left=True, instance="before")
    shop.seen("v2", 0, since=0, instance="after")
    assert {reason.code for reason in shop.ask(config=config).reasons} == why


# --------------------------------------------------------------------------- sources


def test_an_unknown_source_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="heartbeet") as raised:
        sources_of(CONFIG.changed(live=(LiveSource(source="heartbeet"),)))
    assert raised.value.hint == "did you mean heartbeat?"


def test_heartbeats_take_no_options() -> None:
    with pytest.raises(ConfigError, match="'ttl'"):
        sources_of(CONFIG.changed(live=(LiveSource(source="heartbeat", options={"ttl": 3}),)))


def test_the_runners_own_reasons_shut_the_gate(shop: Shop) -> None:
    shop.beat("v2")
    extra = Reason("not-verified", "the backfill of c is not verified")
    verdict = ask_gate(shop.connection, CONFIG, "shop", "c", "v3", [extra])
    assert (verdict.open, verdict.reasons) == (False, (extra,))
