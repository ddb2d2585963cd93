"""Lock waits are never told shorter than they were, whichever witness saw them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

from tests.demo.small_shop import until
from zdmigrate.demo.lock_waits import LockWaits, Wait, exact, logged_waits
from zdmigrate.demo.shop import LOGGED_FROM

if TYPE_CHECKING:
    from tests.demo.small_shop import SmallShop

ACQUIRED = "shop v1|LOG:  process 17 acquired ShareLock on transaction 812 after 136.613 ms\n"
STILL = "shop v1|LOG:  process 17 still waiting for ShareLock on transaction 812 after 100.004 ms\n"


PARSER = (
    "shop v1|LOG:  process 17 acquired AccessShareLock on relation 16386 of database 16384 after 499.946 ms"
    " at character 22\n"
)


def waited(shop: SmallShop, seconds: float) -> tuple[LockWaits, float]:
    """A query of the app waits for a table lock, for ``seconds`` at least; how long it took as a whole."""
    observer = LockWaits(shop.dsn)
    observer.start()
    took: list[float] = []
    with shop.connect() as holder, shop.connect(shop.app_dsn, application_name="shop v1") as app:

        def ask() -> None:
            began = time.monotonic()
            app.execute("SELECT count(*) FROM users WHERE id = 1")
            took.append(time.monotonic() - began)

        asking = threading.Thread(target=ask)
        holder.execute("BEGIN; LOCK TABLE users")
        asking.start()
        until(lambda: holder.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone())
        time.sleep(seconds)
        holder.rollback()
        asking.join()
    observer.stop()
    return observer, took[0]


def test_a_short_wait_is_seen_by_the_observer(shop: SmallShop) -> None:
    observer, took = waited(shop, 0.05)
    wait = observer.verdict("").longest_of("shop v1")
    assert wait is not None
    assert wait.what == "AccessShareLock on users"
    assert 0.05 <= wait.seconds <= min(took + observer.widest_gap, LOGGED_FROM)


def test_a_long_wait_is_taken_from_the_log(shop: SmallShop) -> None:
    observer, took = waited(shop, 0.3)
    wait = observer.verdict(shop.server.log()).longest_of("shop v1")
    assert wait is not None
    assert 0.3 <= wait.seconds <= took


def test_a_wait_that_ended_in_a_timeout_counts_in_full(shop: SmallShop) -> None:
    observer = LockWaits(shop.dsn)
    observer.start()
    options = "-c statement_timeout=300ms"
    with shop.connect() as holder, shop.connect(shop.app_dsn, application_name="shop v1", options=options) as app:
        holder.execute("BEGIN; LOCK TABLE users")
        with pytest.raises(errors.QueryCanceled):
            app.execute("SELECT count(*) FROM users")
    observer.stop()
    wait = observer.verdict(shop.server.log()).longest_of("shop v1")
    assert wait is not None
    assert wait.seconds > 0.29


def test_waits_of_other_roles_do_not_count(shop: SmallShop) -> None:
    observer = LockWaits(shop.dsn)
    observer.start()
    with shop.connect() as holder, shop.connect(application_name="migration") as other:
        holder.execute("BEGIN; LOCK TABLE users")
        release = threading.Timer(0.1, holder.rollback)
        release.start()
        other.execute("SELECT count(*) FROM users")
        release.join()
    observer.stop()
    assert observer.verdict(shop.server.log()).waits == ()


def test_an_observer_that_died_gives_no_verdict(shop: SmallShop) -> None:
    observer = LockWaits(shop.server.dsn("no_such_database"))
    observer.start()
    observer.stop()
    with pytest.raises(psycopg.OperationalError):
        observer.verdict("")


def test_what_was_seen_is_bounded_by_what_would_have_been_logged() -> None:
    [wait] = exact([Wait(0.9, "shop v1", "a row", 17)], "")
    assert wait.seconds == LOGGED_FROM


def test_a_lock_that_the_parser_asks_for_is_logged_with_its_place() -> None:
    [wait] = logged_waits(PARSER)[0]
    assert wait == Wait(0.499946, "shop v1", "AccessShareLock on relation 16386 of database 16384", 17)


def test_a_logged_wait_bounds_the_others_no_longer_than_itself() -> None:
    waits = list(exact([Wait(0.9, "shop v1", "a row", 17)], STILL + ACQUIRED))
    assert max(wait.seconds for wait in waits) == pytest.approx(0.136613)


@pytest.mark.parametrize("log", [STILL, STILL + STILL + ACQUIRED], ids=["the last one", "an earlier one"])
def test_a_wait_that_the_log_does_not_end_is_not_bounded(log: str) -> None:
    assert logged_waits(log)[1] == {17}
    assert max(wait.seconds for wait in exact([Wait(0.9, "shop v1", "a row", 17)], log)) == 0.9
