"""The fence against beats, on real concurrent connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.live.shop import CONFIG, PATIENT, Shop, until
from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import move
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.live import fence
from zdmigrate.live.fence import close_fence
from zdmigrate.live.registry import bind_change
from zdmigrate.live.verdict import Code, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.database import Database
    from zdmigrate.config import Config
    from zdmigrate.live.verdict import Verdict

BEAT = "SELECT zdmigrate.beat('shop', %s, 'web-1')"

# What must not be: the lock is taken and the fence is read in one statement, and so in one snapshot.
BEAT_IN_ONE_STATEMENT = """
CREATE FUNCTION zdmigrate.hasty(of_version text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN NOT EXISTS (
            SELECT FROM zdmigrate.fence AS f WHERE NOT EXISTS (
                SELECT FROM zdmigrate.knows AS k WHERE k.version = of_version AND k.change = f.change))
        THEN 'ok' ELSE 'retired' END
    FROM (SELECT pg_advisory_xact_lock_shared(2053401961, 1) OFFSET 0) AS locked
$$
"""


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def open_gate(shop: Shop) -> Shop:
    """v1 has left, v2 is live: c may be contracted in v3."""
    shop.beat("v1")
    shop.goodbye("v1")
    shop.beat("v2", "web-2")
    return shop


def close(shop: Shop, config: Config = CONFIG, **options: Any) -> Verdict:
    """Close the fence on a connection of its own, as a runner does."""
    with shop.database.connect() as connection:
        return close_fence(connection, config, "shop", "c", "v3", **options)


def nothing_was_written(shop: Shop) -> bool:
    return (
        shop.fenced() == []
        and shop.state() == "expanded"
        and not shop.execute("SELECT action FROM zdmigrate.event WHERE action IN ('force', 'contracting')")
    )


def test_an_open_gate_closes_the_fence_and_the_contract_begins(open_gate: Shop) -> None:
    verdict = close(open_gate)
    assert (verdict.open, verdict.reasons) == (True, ())
    assert (open_gate.fenced(), open_gate.state()) == (["c"], "contracting")
    assert [open_gate.beat(version) for version in ("v1", "v2", "v3", "unknown")] == ["retired", "ok", "ok", "retired"]
    assert [open_gate.ready(version) for version in ("v1", "v2", "unknown")] == ["retired", "ready", "retired"]


@pytest.mark.matrix
def test_on_every_major_old_versions_are_kept_out(any_database: Database) -> None:
    with any_database.connect() as connection:
        create_ledger(connection)
        shop = Shop(connection, any_database)
        shop.release("v1")
        shop.release("v2", "c")
        shop.release("v3", "c")
        shop.expand("c")
        shop.beat("v1")
        assert not close(shop).open
        shop.goodbye("v1")
        shop.beat("v2", "web-2")
        assert close(shop).open
        assert [shop.beat("v1"), shop.beat("v2"), shop.ready("v1"), shop.ready("v2")] == [
            *("retired", "ok", "retired", "ready")
        ]


def test_a_shut_gate_writes_nothing(shop: Shop) -> None:
    shop.beat("v1")
    shop.beat("v2", "web-2")
    verdict = close(shop)
    assert (verdict.open, [reason.code for reason in verdict.reasons]) == (False, [Code.OLD_VERSION_LIVE])
    assert nothing_was_written(shop)
    assert shop.beat("v1") == "ok"


def test_a_contract_that_is_resumed_finds_its_fence_closed(open_gate: Shop) -> None:
    assert close(open_gate).open
    assert close(open_gate).open
    assert (open_gate.fenced(), open_gate.state()) == (["c"], "contracting")


def test_a_change_that_is_not_expanded_gets_no_fence(open_gate: Shop) -> None:
    open_gate.execute("UPDATE zdmigrate.change SET state = 'expanding'")
    with pytest.raises(UsageError, match="expanding and cannot become contracting"):
        close(open_gate)
    assert open_gate.fenced() == []


# --------------------------------------------------------------------------- races


def race(shop: Shop, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, beat: str, *values: str) -> str:
    """The answer to a beat that queued behind a fence which had looked, and had not committed yet."""
    answers = []

    def beat_now() -> str:
        with shop.database.connect() as connection:
            [(answer,)] = connection.execute(beat.encode(), values).fetchall()
            return str(answer)

    def move_slowly(*arguments: Any, **detail: Any) -> None:
        answers.append(threads.submit(beat_now))
        shop.until_waiting()
        move(*arguments, **detail)

    monkeypatch.setattr(fence, "move", move_slowly)
    assert close(shop).open
    return answers[0].result()


def test_a_beat_behind_the_fence_is_answered_retired(
    open_gate: Shop, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert race(open_gate, threads, monkeypatch, BEAT, "v1") == "retired"


def test_a_beat_of_a_version_that_stays_waits_and_goes_on(
    open_gate: Shop, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert race(open_gate, threads, monkeypatch, BEAT, "v2") == "ok"


def test_the_race_would_catch_a_beat_that_reads_in_the_statement_of_its_lock(
    open_gate: Shop, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were this answered retired, the race above would prove nothing."""
    open_gate.execute(BEAT_IN_ONE_STATEMENT)
    assert race(open_gate, threads, monkeypatch, "SELECT zdmigrate.hasty(%s)", "v1") == "ok"


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_the_fence_waits_for_a_beat_that_is_not_committed_and_then_refuses(
    open_gate: Shop, threads: ThreadPoolExecutor, isolation: str
) -> None:
    """Whatever the runner's connection has for a default: an old snapshot would not see the beat."""
    with open_gate.database.connect(autocommit=False) as app, open_gate.database.connect() as runner:
        app.execute(BEAT.encode(), ["v1"])
        runner.execute(f"SET default_transaction_isolation = '{isolation}'".encode())
        closing = threads.submit(close_fence, runner, PATIENT, "shop", "c", "v3")
        open_gate.until_waiting()
        app.commit()
        verdict = closing.result()
    assert [reason.code for reason in verdict.reasons] == [Code.OLD_VERSION_LIVE]
    assert nothing_was_written(open_gate)


def test_a_beat_that_is_rolled_back_does_not_hold_the_fence(open_gate: Shop, threads: ThreadPoolExecutor) -> None:
    with open_gate.database.connect(autocommit=False) as app:
        app.execute(BEAT.encode(), ["v1"])
        closing = threads.submit(close, open_gate, PATIENT)
        open_gate.until_waiting()
        app.rollback()
        assert closing.result().open


def test_a_beat_in_a_transaction_that_stays_open_is_named(open_gate: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "PATIENCE", 0.4)
    with open_gate.database.connect(autocommit=False, application_name="slow-report") as app:
        app.execute(BEAT.encode(), ["v2"])
        verdict = close(open_gate, forced_why="force does not end somebody's transaction")
        [reason] = verdict.reasons
        assert (verdict.open, reason.code) == (False, Code.BEAT_IN_PROGRESS)
        assert str(app.info.backend_pid) in reason.sentence
        assert "slow-report" in reason.sentence
        assert nothing_was_written(open_gate)


def test_between_its_tries_the_fence_lets_beats_pass(open_gate: Shop, threads: ThreadPoolExecutor) -> None:
    """A fence that waits stands in the queue before new beats; it must leave it again in time."""
    with open_gate.database.connect(autocommit=False) as slow:
        slow.execute(BEAT.encode(), ["v2"])
        closing = threads.submit(close, open_gate)
        open_gate.until_waiting()
        assert open_gate.beat("v2", "web-3") == "ok"
        assert not closing.result().open


def test_a_change_cannot_be_bound_anew_while_its_fence_closes(
    open_gate: Shop, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else v2, judged fit to stay, would be retired by a fence that nobody judged."""
    bound = []

    def bind() -> None:
        with open_gate.database.connect(application_name="binder") as connection:
            bind_change(connection, "shop", "c", "v3")

    def move_slowly(*arguments: Any, **detail: Any) -> None:
        bound.append(threads.submit(bind))
        waits = "SELECT pid FROM pg_stat_activity WHERE application_name = 'binder' AND wait_event_type = 'Lock'"
        until(lambda: open_gate.execute(waits) != [])
        move(*arguments, **detail)

    monkeypatch.setattr(fence, "move", move_slowly)
    assert close(open_gate).open
    with pytest.raises(UsageError, match="has begun"):
        bound[0].result()
    assert open_gate.beat("v2") == "ok"


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE", "READ UNCOMMITTED"])
def test_a_beat_in_another_isolation_level_is_refused(shop: Shop, isolation: str) -> None:
    with shop.database.connect() as app, app.transaction():
        app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        with pytest.raises(psycopg.errors.InvalidTransactionState, match=f"needs READ COMMITTED.*{isolation}"):
            app.execute(BEAT.encode(), ["v2"])


# --------------------------------------------------------------------------- force, and the runner's own check


def test_force_passes_over_the_gate_and_is_recorded(shop: Shop) -> None:
    shop.beat("v1")
    verdict = close(shop, forced_why="v1 is a test machine")
    assert verdict.open
    assert {reason.code for reason in verdict.overridden} == {Code.OLD_VERSION_LIVE, Code.NO_EVIDENCE}
    assert shop.execute("SELECT forced_why FROM zdmigrate.fence") == [("v1 is a test machine",)]
    [(why, passed_over)] = shop.execute(
        "SELECT detail ->> 'why', jsonb_array_length(detail -> 'overridden')"
        " FROM zdmigrate.event WHERE action = 'force'"
    )
    assert (why, passed_over) == ("v1 is a test machine", 2)
    assert shop.beat("v1") == "retired"


def test_the_runners_check_holds_against_force(open_gate: Shop) -> None:
    reason = Reason("not-verified", "12 rows of users are not in step")
    verdict = close(open_gate, forced_why="hurry", extra_check=lambda: [reason])
    assert (verdict.open, verdict.reasons) == (False, (reason,))
    assert nothing_was_written(open_gate)


def test_a_check_that_finds_nothing_lets_the_fence_close(open_gate: Shop) -> None:
    assert close(open_gate, extra_check=list).open


# --------------------------------------------------------------------------- other apps


def test_what_the_change_needs_of_another_app_is_retired_there(shop: Shop) -> None:
    billing = shop.of("billing")
    billing.release("7.1")
    billing.release("7.2")
    billing.beat("7.2")
    shop.needs("c", [["billing", "7.2"]])
    shop.beat("v2")
    assert close(shop).open
    assert [billing.beat(version) for version in ("7.1", "7.2", "unknown")] == ["retired", "ok", "retired"]


def test_a_forced_fence_retires_no_app_whose_needed_release_is_unknown(shop: Shop) -> None:
    billing = shop.of("billing")
    billing.release("7.1")
    shop.needs("c", [["billing", "7.2"]])
    assert close(shop, forced_why="billing is broken anyhow").open
    assert billing.beat("7.1") == "ok"
