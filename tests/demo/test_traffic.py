"""The two versions at work: quiet when all is well, and loud about anything that is done to their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.small_shop import ADD_FULL_NAME, V1, V2, until
from zdmigrate.demo.agreement import Agreement
from zdmigrate.demo.shop import SHARED, text_of

if TYPE_CHECKING:
    from tests.demo.small_shop import SmallShop

TRIGGER = text_of("full_name.sql").partition("-- zdmigrate: backfill")[0]  # the column and what keeps it in step


def test_one_version_alone_fails_nothing_and_loses_nothing(shop: SmallShop) -> None:
    with shop.running() as v1:
        pass
    assert v1.failures == []
    assert shop.lost(v1) == {}
    assert v1.writes > 100


def test_two_versions_on_one_table_lose_nothing_with_the_trigger(shop: SmallShop) -> None:
    shop.execute(TRIGGER)
    shop.execute("UPDATE users SET full_name = name")
    with shop.running(V1) as v1, shop.running(V2, first_slot=8) as v2:
        pass
    assert v1.failures + v2.failures == []
    assert shop.lost(v1, v2, version=V1) == {}
    assert shop.lost(v1, v2, version=V2) == {}


def test_without_the_trigger_each_version_loses_the_other_ones_writes(shop: SmallShop) -> None:
    shop.execute(ADD_FULL_NAME)
    shop.execute("UPDATE users SET full_name = name")
    with shop.running(V1) as v1, shop.running(V2, first_slot=8) as v2:
        pass
    assert shop.lost(v1, v2, version=V1)
    assert shop.lost(v1, v2, version=V2)


def test_a_write_that_somebody_undoes_is_lost(shop: SmallShop) -> None:
    with shop.running() as v1:
        pass
    email = next(email for email, name in v1.records[0].names.items() if isinstance(name, str))
    shop.execute(f"UPDATE users SET name = 'User 13' WHERE email = '{email}'")
    assert list(shop.lost(v1)) == [email]


def test_a_row_that_came_back_is_a_lost_delete(shop: SmallShop) -> None:
    with shop.running() as v1:
        pass
    shop.execute("INSERT INTO users (email, name) VALUES ('nobody@new.example', 'x')")
    assert shop.lost(v1) == {"nobody@new.example": "'x' instead of nobody"}


def test_a_user_that_nobody_wrote_counts_too(shop: SmallShop) -> None:
    shop.execute("UPDATE users SET name = 'x' WHERE id = 1000")
    assert shop.lost() == {"user1000@shop.example": "'x' instead of 'User 1000'"}


def test_a_counter_that_fell_behind_is_a_lost_write(shop: SmallShop) -> None:
    with shop.running() as v1:
        pass
    shop.execute("UPDATE users SET visits = visits - 1, name = (visits - 1) || ' by v1' WHERE id = 3")
    assert list(shop.lost(v1)) == ["user3@shop.example"]


def test_a_lost_name_is_seen_by_the_next_writer_at_once(shop: SmallShop) -> None:
    shop.execute(f"UPDATE users SET visits = 5 WHERE id <= {SHARED}")
    with shop.running() as v1:
        until(lambda: any(record.misread for record in v1.records))
    assert any("after 5 writes" in what for record in v1.records for what in record.misread.values())


def test_queries_by_a_name_that_is_gone_are_failures(shop: SmallShop) -> None:
    with shop.running() as v1:
        shop.execute("ALTER TABLE users RENAME COLUMN name TO full_name")
        until(lambda: len(v1.failures) > 10)
    assert any("42703" in failure for failure in v1.failures)


def test_a_connection_that_breaks_is_a_failure_and_its_last_write_in_doubt(shop: SmallShop) -> None:
    with shop.running() as v1:
        until(lambda: v1.queries > 100)
        shop.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'")
        until(lambda: len(v1.failures) == len(v1.workers))
        v1.workers[0].record.queries += 1_000  # nobody is left to do enough
    assert shop.lost(v1) == {}


def test_a_worker_that_dies_of_a_bug_does_not_pass_for_one_that_worked(shop: SmallShop) -> None:
    with shop.running() as v1:
        pass
    worker = v1.workers[0]
    worker.left_well = False
    worker.end(0.0)
    assert v1.failures == ["shop v1 0 did not end well"]


def test_names_that_disagree_are_counted(shop: SmallShop) -> None:
    shop.execute(ADD_FULL_NAME)
    agreement = Agreement(shop.dsn)
    agreement.start()
    until(lambda: agreement.checks > 0)
    assert agreement.disagreed == 0  # unfilled rows, while expand runs
    shop.execute("UPDATE users SET full_name = 'x' WHERE id = 77")
    until(lambda: agreement.disagreed == 1)
    agreement.filled()
    until(lambda: agreement.disagreed == shop.users.count)
    agreement.stop()
    assert agreement.verdict() >= 3


def test_the_checks_rest_while_there_is_one_name_only(shop: SmallShop) -> None:
    agreement = Agreement(shop.dsn)
    agreement.start()
    shop.execute(ADD_FULL_NAME)
    until(lambda: agreement.checks > 0)
    shop.execute("ALTER TABLE users DROP COLUMN name")
    agreement.stop()
    assert agreement.verdict() > 0
