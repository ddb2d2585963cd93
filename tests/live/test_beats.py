"""Beats and goodbyes, and the roles that may say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.live.shop import CONFIG, HOUR, MINUTE
from zdmigrate.errors import NotYet, UsageError
from zdmigrate.live.instances import list_instances, retire_lost, retired_versions
from zdmigrate.live.sighting import Presence

if TYPE_CHECKING:
    from tests.live.shop import Shop

APP_MAY = (
    "GRANT USAGE ON SCHEMA zdmigrate TO {role}; GRANT EXECUTE ON FUNCTION zdmigrate.beat(text, text, text),"
    " zdmigrate.goodbye(text, text, text), zdmigrate.ready(text, text) TO {role}"
)
READER_MAY = (
    "GRANT USAGE ON SCHEMA zdmigrate TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO {role};"
    " GRANT EXECUTE ON FUNCTION zdmigrate.is_old_for(text, text, text), zdmigrate.is_retired(text, text) TO {role}"
)


def states(shop: Shop) -> dict[str, Presence]:
    return {seen.instance: seen.state for seen in list_instances(shop.connection, CONFIG)}


def test_an_instance_is_live_left_or_lost(shop: Shop) -> None:
    shop.beat("v2", "live")
    shop.beat("v2", "left")
    shop.goodbye("v2", "left")
    shop.seen("v2", 2 * MINUTE, instance="lost")
    shop.seen("v2", 48 * HOUR, instance="long past")
    assert states(shop) == {"live": Presence.LIVE, "left": Presence.LEFT, "lost": Presence.LOST}


def test_a_beat_makes_an_instance_that_had_left_live_again_and_its_presence_new(shop: Shop) -> None:
    shop.seen("v2", HOUR, left=True)
    assert shop.beat("v2") == "ok"
    [seen] = list_instances(shop.connection, CONFIG)
    assert (seen.state, seen.why) == (Presence.LIVE, None)
    assert (seen.last_seen - seen.first_seen).total_seconds() < MINUTE


def test_a_beat_of_an_instance_that_stayed_keeps_its_presence(shop: Shop) -> None:
    shop.seen("v2", 30)
    shop.beat("v2")
    [seen] = list_instances(shop.connection, CONFIG)
    assert (seen.last_seen - seen.first_seen).total_seconds() > HOUR


def test_a_goodbye_is_a_sighting_and_a_second_one_is_none(shop: Shop) -> None:
    shop.seen("v2", HOUR)
    shop.goodbye("v2")
    [first] = list_instances(shop.connection, CONFIG)
    shop.goodbye("v2")
    [second] = list_instances(shop.connection, CONFIG)
    assert (first.why, first.age < MINUTE) == ("goodbye", True)
    assert first.last_seen == second.last_seen


def test_a_goodbye_of_nobody_is_nothing(shop: Shop) -> None:
    shop.goodbye("v2", "never seen")
    assert states(shop) == {}


@pytest.mark.parametrize("empty", [("", "v2", "i"), ("shop", "", "i"), ("shop", "v2", ""), (None, "v2", "i")])
def test_an_empty_name_is_refused(shop: Shop, empty: tuple[str, str, str]) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="none of them empty"):
        shop.execute("SELECT zdmigrate.beat(%s, %s, %s)", *empty)


def test_a_retired_instance_that_beats_is_seen_and_told_as_retired(shop: Shop) -> None:
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
    assert shop.beat("v1") == "retired"
    assert states(shop) == {"web-1": Presence.LIVE}
    assert retired_versions(shop.connection, "shop", {"v1", "v2"}) == {"v1"}


# --------------------------------------------------------------------------- retiring what is lost


def test_a_lost_instance_that_is_retired_holds_the_gate_no_longer(shop: Shop) -> None:
    shop.seen("v1", HOUR, instance="web-1")
    shop.seen("v1", HOUR, instance="web-2")
    shop.beat("v2")
    assert retire_lost(shop.connection, CONFIG, "v1", "web-1", "its host burned down") == ("web-1",)
    assert [reason.instance for reason in shop.ask().reasons] == ["web-2"]
    assert retire_lost(shop.connection, CONFIG, "v1", None, "the region is gone") == ("web-2",)
    assert shop.ask().open
    whys = shop.execute("SELECT detail ->> 'why' FROM zdmigrate.event WHERE action = 'retire' ORDER BY id")
    assert whys == [("its host burned down",), ("the region is gone",)]


def test_the_rollback_window_of_a_retired_instance_counts_from_its_last_beat(shop: Shop) -> None:
    shop.seen("v1", 2 * MINUTE)
    retire_lost(shop.connection, CONFIG, "v1", None, "gone")
    [seen] = list_instances(shop.connection, CONFIG)
    assert (seen.state, seen.age >= 2 * MINUTE) == (Presence.LEFT, True)


def test_nothing_is_retired_while_one_of_them_beats(shop: Shop) -> None:
    shop.seen("v1", HOUR, instance="lost")
    shop.beat("v1", "beating")
    with pytest.raises(NotYet, match="beating was seen"):
        retire_lost(shop.connection, CONFIG, "v1", None, "gone")
    assert states(shop) == {"beating": Presence.LIVE, "lost": Presence.LOST}
    assert retire_lost(shop.connection, CONFIG, "v1", "lost", "gone") == ("lost",)


def test_retiring_what_was_never_seen_is_refused_and_what_has_left_is_nothing(shop: Shop) -> None:
    with pytest.raises(UsageError, match="no instance web-9 of shop v1"):
        retire_lost(shop.connection, CONFIG, "v1", "web-9", "gone")
    shop.seen("v1", HOUR, left=True)
    assert retire_lost(shop.connection, CONFIG, "v1", None, "gone") == ()


def test_retiring_needs_a_reason(shop: Shop) -> None:
    shop.seen("v1", HOUR)
    with pytest.raises(UsageError, match="reason"):
        retire_lost(shop.connection, CONFIG, "v1", None, " ")


# --------------------------------------------------------------------------- roles


def test_a_role_that_may_beat_may_do_nothing_else(shop: Shop) -> None:
    role = shop.database.create_role("app")
    shop.execute(APP_MAY.format(role=role))
    with shop.database.connect(user=role) as app:
        assert app.execute("SELECT zdmigrate.beat('shop', 'v2', 'i')").fetchone() == ("ok",)
        assert app.execute("SELECT zdmigrate.ready('shop', 'v2')").fetchone() == ("ready",)
        app.execute("SELECT zdmigrate.goodbye('shop', 'v2', 'i')")
        for relation in everything(shop, "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v')"):
            refused(app, f"SELECT * FROM {relation}")
        for table in everything(shop, "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"):
            refused(app, f"DELETE FROM {table}")
        for call in ("is_old_for('shop', 'v2', 'c')", "is_retired('shop', 'v2')", "waits_for('shop', 'v2')"):
            refused(app, f"SELECT zdmigrate.{call}")


def test_a_role_without_grants_may_not_even_beat(shop: Shop) -> None:
    role = shop.database.create_role("nobody")
    shop.execute(f"GRANT USAGE ON SCHEMA zdmigrate TO {role}")
    with shop.database.connect(user=role) as nobody:
        for call in ("beat('shop', 'v2', 'i')", "goodbye('shop', 'v2', 'i')", "ready('shop', 'v2')"):
            refused(nobody, f"SELECT zdmigrate.{call}")


def test_every_function_of_the_ledger_is_revoked_from_public(shop: Shop) -> None:
    granted = "EXISTS (SELECT FROM aclexplode(proacl) AS a WHERE a.grantee = 0)"
    names = everything(
        shop, f"SELECT proname FROM pg_proc WHERE (proacl IS NULL OR {granted})", namespace="pronamespace"
    )
    assert names == []


def test_every_function_of_the_ledger_has_its_own_search_path(shop: Shop) -> None:
    path = "'search_path=pg_catalog, pg_temp' = ANY (proconfig)"
    names = everything(shop, f"SELECT proname FROM pg_proc WHERE ({path}) IS NOT TRUE", namespace="pronamespace")
    assert names == []


def test_a_reader_sees_the_gate_and_writes_nothing(shop: Shop) -> None:
    role = shop.database.create_role("reader")
    shop.execute(READER_MAY.format(role=role))
    shop.beat("v1")
    with shop.database.connect(user=role) as reader:
        asked = type(shop)(reader, shop.database)
        assert not asked.ask().open
        assert len(list_instances(reader, CONFIG)) == 1
        refused(reader, "DELETE FROM zdmigrate.instance")
        refused(reader, "SELECT zdmigrate.beat('shop', 'v2', 'i')")


def test_a_callers_own_objects_cannot_stand_in_for_the_ledgers(shop: Shop) -> None:
    """SECURITY DEFINER functions look up names in pg_catalog and zdmigrate alone."""
    role = shop.database.create_role("app")
    shop.execute(APP_MAY.format(role=role))
    with shop.database.connect(user=role) as app:
        app.execute("CREATE TEMPORARY TABLE release AS SELECT 'shop' AS app, 'v9' AS version")
        app.execute(
            "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(0)'"
        )
        app.execute("SET search_path = pg_temp, pg_catalog")
        assert app.execute("SELECT zdmigrate.beat('shop', 'v2', 'i')").fetchone() == ("ok",)
        assert app.execute("SELECT zdmigrate.ready('shop', 'v9')").fetchone() == ("unknown release",)
    assert shop.execute("SELECT last_seen > now() - interval '1 h' FROM zdmigrate.instance") == [(True,)]


def refused(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def everything(shop: Shop, query: str, namespace: str = "relnamespace") -> list[str]:
    """What a query finds in schema zdmigrate."""
    return [row[0] for row in shop.execute(f"{query} AND {namespace} = 'zdmigrate'::regnamespace")]
