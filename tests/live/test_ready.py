"""What ``zdmigrate.ready`` answers in every state of a release and of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zdmigrate.ledger.changes import move
from zdmigrate.ledger.states import State

if TYPE_CHECKING:
    from tests.live.shop import Shop

ANSWERS = {
    None: "waiting for d: expand",
    State.EXPANDING: "waiting for d: expand",
    State.EXPANDED: "ready",
    State.CONTRACTING: "ready",
    State.CONTRACTED: "ready",
    State.REVERTING: "waiting for d: expand",
    State.REVERTED: "waiting for d: expand",
}


@pytest.mark.parametrize("state", list(ANSWERS), ids=str)
def test_a_release_waits_for_a_change_until_it_is_expanded(shop: Shop, state: State | None) -> None:
    shop.release("v4", "c", "d")
    if state:
        shop.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('shop', 'd', %s)", state.value)
    assert shop.ready("v4") == ANSWERS[state]


def test_an_unregistered_release_is_unknown(shop: Shop) -> None:
    assert shop.ready("v9") == "unknown release"
    assert shop.of("billing").ready("v2") == "unknown release"


def test_a_release_without_changes_is_ready(shop: Shop) -> None:
    assert shop.ready("v1") == "ready"


def test_a_release_is_retired_whatever_it_waits_for(shop: Shop) -> None:
    shop.release("v1.1", "later")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    assert [shop.ready(version) for version in ("v1", "v1.1", "v9", "v2")] == ["retired", "retired", "retired", "ready"]


def test_a_fence_of_another_app_retires_nothing_here(shop: Shop) -> None:
    billing = shop.of("billing")
    billing.release("7.1", "c")
    billing.expand("c")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('billing', 'c', '7.1')")
    assert [shop.ready("v1"), shop.ready("v2"), billing.ready("7.1")] == ["ready", "ready", "ready"]


def test_the_first_change_in_the_order_of_the_list_is_named(shop: Shop) -> None:
    shop.release("v4", "c", "z_first", "a_second")
    assert shop.ready("v4") == "waiting for z_first: expand"


def test_a_backfill_holds_until_its_last_step_is_done_unless_it_is_optional(shop: Shop) -> None:
    shop.release("v4", "c", "d")
    move(shop.connection, "shop", "d", State.EXPANDING)
    shop.execute(
        "INSERT INTO zdmigrate.pending (app, change, position, optional)"
        " VALUES ('shop', 'd', 1, false), ('shop', 'd', 2, false), ('shop', 'd', 3, true)"
    )
    assert shop.ready("v4") == "waiting for d: expand"
    shop.execute("DELETE FROM zdmigrate.pending WHERE position = 1")
    shop.execute("INSERT INTO zdmigrate.backfill (app, change, position, fingerprint) VALUES ('shop', 'd', 2, 'text')")
    assert shop.ready("v4") == "waiting for d: backfill"
    shop.execute("DELETE FROM zdmigrate.pending WHERE position = 2")
    assert shop.ready("v4") == "ready"


def test_between_its_last_step_and_its_new_state_a_change_does_not_hold_again(shop: Shop) -> None:
    shop.release("v4", "c", "d")
    move(shop.connection, "shop", "d", State.EXPANDING)
    assert shop.ready("v4") == "waiting for d: expand"
    shop.execute(
        "INSERT INTO zdmigrate.step (app, change, phase, position, state, fingerprint, token)"
        " VALUES ('shop', 'd', 'expand', 1, 'done', '', 1)"
    )
    assert shop.ready("v4") == "ready"


def test_readiness_can_be_asked_where_nothing_can_be_written(shop: Shop) -> None:
    with shop.connection.transaction():
        shop.execute("SET TRANSACTION READ ONLY")
        assert shop.ready("v2") == "ready"
