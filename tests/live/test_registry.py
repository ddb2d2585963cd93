"""Releases: registered once, bound to the first that brought a change, moved only forward."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from zdmigrate.errors import UsageError
from zdmigrate.live.registry import bind_change, list_releases, read_release, register_release

if TYPE_CHECKING:
    from tests.live.shop import Shop


def bound(shop: Shop, change: str = "c") -> str | None:
    [(version,)] = shop.execute("SELECT bound_to FROM zdmigrate.change WHERE app = 'shop' AND id = %s", change)
    return None if version is None else str(version)


def test_registering_again_changes_nothing(shop: Shop) -> None:
    first, again = (register_release(shop.connection, "shop", "v4", ["c", "d"]) for _ in range(2))
    assert (first.new, again.new) == (True, False)
    assert first.position == again.position
    assert (
        len(shop.execute("SELECT id FROM zdmigrate.event WHERE action = 'release' AND detail ->> 'version' = 'v4'"))
        == 1
    )


def test_the_same_name_with_other_changes_is_refused_and_says_what_differs(shop: Shop) -> None:
    register_release(shop.connection, "shop", "v4", ["c", "d"])
    with pytest.raises(UsageError) as raised:
        register_release(shop.connection, "shop", "v4", ["d", "e"])
    assert "lacks c" in raised.value.sentence
    assert "has e besides" in raised.value.sentence
    assert raised.value.exit_code == 2


def test_one_name_may_stand_for_releases_of_two_apps(shop: Shop) -> None:
    assert register_release(shop.connection, "billing", "v2", ["x"]).new


@pytest.mark.parametrize("name", ["", "  "])
def test_a_release_needs_a_name(shop: Shop, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a release"):
        register_release(shop.connection, "shop", name, [])


def test_a_change_is_bound_to_the_first_release_that_holds_it_in_whatever_order_they_came(shop: Shop) -> None:
    assert bound(shop) == "v2"  # registered before the change was begun
    shop.expand("d")
    assert bound(shop, "d") is None
    shop.release("v4", "c", "d")
    shop.release("v5", "c", "d")
    assert bound(shop, "d") == "v4"


def test_releases_are_listed_in_the_order_of_registration(shop: Shop) -> None:
    shop.release("1.0-hotfix")
    releases = list_releases(shop.connection, "shop")
    assert [release.version for release in releases] == ["v1", "v2", "v3", "1.0-hotfix"]
    assert [release.changes for release in releases] == [(), ("c",), ("c",), ()]
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    assert [release.retired for release in list_releases(shop.connection, "shop")] == [True, False, False, True]


def test_two_that_register_at_once_bind_a_change_to_the_earlier_position(shop: Shop) -> None:
    shop.expand("d")

    def register(number: int) -> int:
        with shop.database.connect() as connection:
            return register_release(connection, "shop", f"r{number}", ["c", "d"]).position

    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(register, range(16)))
    assert len(set(positions)) == 16
    assert bound(shop, "d") == f"r{positions.index(min(positions))}"


def test_the_same_release_may_be_registered_twice_at_once(shop: Shop) -> None:
    def register(_: int) -> bool:
        with shop.database.connect() as connection:
            return register_release(connection, "shop", "v4", ["c", "d"]).new

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(register, range(4))) == [False, False, False, True]


def test_registering_holds_up_no_beat(shop: Shop) -> None:
    with shop.database.connect() as other, other.transaction():
        register_release(other, "shop", "v4", ["c"])
        assert shop.beat("v2") == "ok"
        assert shop.ready("v2") == "ready"


# --------------------------------------------------------------------------- binding


def test_a_change_can_be_bound_to_a_later_release(shop: Shop) -> None:
    bind_change(shop.connection, "shop", "c", "v3")
    assert bound(shop) == "v3"
    assert shop.execute("SELECT zdmigrate.is_old_for('shop', v, 'c') FROM unnest('{v1,v2,v3}'::text[]) AS v") == [
        (True,),
        (True,),
        (False,),
    ]


def test_binding_to_the_release_that_it_is_bound_to_changes_nothing(shop: Shop) -> None:
    bind_change(shop.connection, "shop", "c", "v2")
    assert shop.execute("SELECT id FROM zdmigrate.event WHERE action = 'bind'") == []


@pytest.mark.parametrize(
    ("change", "version", "why"),
    [
        ("c", "v9", "no release v9"),
        ("c", "v1", "built without c"),
        ("nothing", "v3", "no change nothing"),
    ],
)
def test_binding_to_what_does_not_fit_is_refused(shop: Shop, change: str, version: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        bind_change(shop.connection, "shop", change, version)
    assert bound(shop) == "v2"


def test_a_change_is_never_bound_to_an_earlier_release(shop: Shop) -> None:
    bind_change(shop.connection, "shop", "c", "v3")
    with pytest.raises(UsageError, match="v2 was registered before it"):
        bind_change(shop.connection, "shop", "c", "v2")


def test_a_change_whose_contract_has_begun_stays_bound(shop: Shop) -> None:
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    with pytest.raises(UsageError, match="has begun"):
        bind_change(shop.connection, "shop", "c", "v3")


def test_a_release_that_nobody_registered_is_none(shop: Shop) -> None:
    assert read_release(shop.connection, "shop", "v9") is None
