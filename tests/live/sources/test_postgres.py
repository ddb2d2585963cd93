"""pg_stat_activity: versions by application_name and by role, what a pool hides, and the hard fence."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.live.shop import until
from tests.live.sources.looking import config, failure, look, seen
from zdmigrate.live.fence import close_fence
from zdmigrate.live.roles import end_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.shop import Shop
    from tests.servers.database import Database
    from zdmigrate.live.sighting import Seen

NAMES = {"source": "postgres", "application_name": ["web-{version}@{host}", "web/{version}"]}


@pytest.fixture
def pools() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def told(found: list[Seen]) -> list[tuple[str, str, str | None]]:
    return [(one.version, one.instance, one.note) for one in found]


def test_versions_are_read_from_application_names(shop: Shop, pools: ExitStack) -> None:
    for name in ("web-7.1-rc@host-1", "web-7.1-rc@host-1", "web-7.2@host-2", "psql", "web-7.2"):
        pools.enter_context(shop.database.connect(application_name=name))
    assert told(seen(shop.connection, NAMES)) == [
        ("7.1-rc", "host-1", "2 connections"),
        ("7.2", "host-2", "1 connections"),
    ]


def test_without_a_host_in_its_name_an_instance_is_its_address(shop: Shop, pools: ExitStack) -> None:
    pools.enter_context(shop.database.connect(application_name="web/7.1"))
    [found] = seen(shop.connection, NAMES)
    assert (found.version, found.instance in ("local", "127.0.0.1", "::1")) == ("7.1", True)


def test_nobody_connected_is_an_answer(shop: Shop) -> None:
    assert seen(shop.connection, NAMES) == []


def test_a_job_that_has_disconnected_is_remembered_and_then_lost(shop: Shop) -> None:
    settings = config(NAMES)
    with shop.database.connect(application_name="web/v1"):
        look(shop, settings)
    until(lambda: seen(shop.connection, NAMES) == [])
    assert set(look(shop, settings).values()) == {"live"}
    shop.later(120)
    assert set(look(shop, settings).values()) == {"lost"}


def test_a_backend_that_is_lent_to_two_versions_gives_the_pooler_away(shop: Shop, pools: ExitStack) -> None:
    backend = pools.enter_context(shop.database.connect(application_name="web/v1"))
    look(shop, config(NAMES))
    backend.execute("SET application_name = 'web/v2'")  # as a transaction pooler does for its next client
    assert "a pooler lends it to several clients" in failure(shop.connection, NAMES)
    look(shop, config(NAMES))
    assert any("pooler" in reason.sentence for reason in shop.ask(config=config(NAMES)).reasons)


def test_a_way_of_the_app_s_that_is_down_or_slow_is_no_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**NAMES, "app_dsn": "APP_DSN", "time_limit": "200ms"}
    assert "the variable APP_DSN, which holds" in failure(shop.connection, table)
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        monkeypatch.setenv("APP_DSN", f"host=127.0.0.1 port={opened.getsockname()[1]} user=shop password=hunter2")
        assert "Connection refused" in failure(shop.connection, {**table, "time_limit": "10s"})
        opened.listen()  # the kernel lets callers in, and nobody answers
        assert failure(shop.connection, table) == "no answer within 0.2 s"
    monkeypatch.setenv("APP_DSN", "host=127.0.0.1 password=hunter 2")
    assert "cannot be read" in (told := failure(shop.connection, table))
    assert "hunter" not in told


@pytest.mark.outside
def test_an_app_behind_a_transaction_pooler_is_refused(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, pooled_ledger: str
) -> None:
    monkeypatch.setenv("APP_DSN", pooled_ledger)
    with ledger.connect() as connection:
        assert "connects through a pooler" in failure(connection, {**NAMES, "app_dsn": "APP_DSN"})
        monkeypatch.setenv("APP_DSN", ledger.dsn)
        assert seen(connection, {**NAMES, "app_dsn": "APP_DSN"}) == []


@pytest.fixture
def pooled_ledger(ledger: Database) -> Iterator[str]:
    from tests.servers.pooler import transaction_pooler

    with transaction_pooler(ledger) as dsn:
        yield dsn


def test_sessions_that_are_hidden_are_no_answer(shop: Shop, pools: ExitStack) -> None:
    pools.enter_context(shop.database.connect(application_name="web/v1"))
    owner = shop.database.create_role("owner")
    shop.execute(f'GRANT USAGE ON SCHEMA zdmigrate TO "{owner}"')
    shop.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO "{owner}"')
    with shop.database.connect(user=owner) as connection:
        assert f"GRANT pg_read_all_stats TO {owner}" in failure(connection, NAMES)


# --------------------------------------------------------------------------- a role for each version


@pytest.fixture
def roles(shop: Shop) -> dict[str, Any]:
    for version in ("v1", "v2"):
        shop.database.create_role(version)
    return {"source": "postgres", "role": f"{shop.database.name}_{{version}}", "hard_fence": True}


def connect_as(shop: Shop, version: str) -> psycopg.Connection[Any]:
    return shop.database.connect(user=f"{shop.database.name}_{version}")


def test_versions_are_read_from_roles(shop: Shop, roles: dict[str, Any]) -> None:
    with connect_as(shop, "v1"), connect_as(shop, "v2"):
        assert [found.version for found in seen(shop.connection, roles)] == ["v1", "v2"]


def test_the_hard_fence_keeps_a_retired_version_out_and_ends_its_sessions(shop: Shop, roles: dict[str, Any]) -> None:
    with connect_as(shop, "v1") as old, connect_as(shop, "v2") as new:
        verdict = close_fence(shop.connection, config(roles), "shop", "c", "v3", forced_why="v1 stands still")
        assert verdict.open
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")
        new.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        connect_as(shop, "v1")


def test_a_resumed_contract_ends_the_sessions_that_its_runner_did_not(shop: Shop, roles: dict[str, Any]) -> None:
    with connect_as(shop, "v1") as old:
        shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")
        shop.execute(f'ALTER ROLE "{shop.database.name}_v1" NOLOGIN')
        assert end_sessions(shop.connection, config(roles)) == (f"{shop.database.name}_v1",)
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")


def test_a_shut_gate_shuts_nobody_out(shop: Shop, roles: dict[str, Any]) -> None:
    with connect_as(shop, "v1") as old:
        assert not close_fence(shop.connection, config(roles), "shop", "c", "v3").open
        old.execute("SELECT 1")
        connect_as(shop, "v1").close()


def test_a_role_that_fits_the_pattern_and_is_no_release_is_left_alone(shop: Shop, roles: dict[str, Any]) -> None:
    shop.database.create_role("owner")
    close_fence(shop.connection, config(roles), "shop", "c", "v3", forced_why="to see who is shut out")
    connect_as(shop, "owner").close()
