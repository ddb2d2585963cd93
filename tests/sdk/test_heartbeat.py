"""The application's heartbeat: beats, hears, outlasts an outage, and says goodbye."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.live.shop import until
from tests.sdk.retiring import OFTEN, retire_everything, seen
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.sdk import Heartbeat, ready

if TYPE_CHECKING:
    from tests.servers.database import Database
    from zdmigrate.embedded.server import Server


def test_an_instance_beats_while_it_runs_and_says_goodbye(ledger: Database) -> None:
    with Heartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN) as heartbeat:
        assert heartbeat.wait() == "ok"
        assert seen(ledger) == [("web-1", None)]
        [(first,)] = ledger.execute("SELECT last_seen FROM zdmigrate.instance")
        until(lambda: ledger.execute("SELECT last_seen FROM zdmigrate.instance") > [(first,)])
    assert seen(ledger) == [("web-1", "goodbye")]
    assert not heartbeat.retired.is_set()


def test_a_retired_version_hears_it_once(ledger: Database) -> None:
    told: list[str] = []
    heard = threading.Event()

    def on_retired() -> None:
        told.append("retired")
        heard.set()

    with Heartbeat(ledger.dsn, "shop", "v1", every=OFTEN, on_retired=on_retired) as heartbeat:
        assert heartbeat.wait() == "ok"
        retire_everything(ledger)
        assert heartbeat.retired.wait()
        assert heard.wait()
        [(before,)] = ledger.execute("SELECT last_seen FROM zdmigrate.instance")
        until(lambda: ledger.execute("SELECT last_seen FROM zdmigrate.instance") > [(before,)])
        assert (heartbeat.status, told) == ("retired", ["retired"])


def test_a_failing_callback_does_not_end_the_beating(ledger: Database, caplog: pytest.LogCaptureFixture) -> None:
    retire_everything(ledger)
    with Heartbeat(ledger.dsn, "shop", "v1", every=OFTEN, on_retired=lambda: 1 / 0) as heartbeat:
        until(lambda: "on_retired failed" in caplog.text)
        [(before,)] = ledger.execute("SELECT last_seen FROM zdmigrate.instance")
        until(lambda: ledger.execute("SELECT last_seen FROM zdmigrate.instance") > [(before,)])
        assert heartbeat.status == "retired"


def test_the_callback_may_stop_the_heartbeat(ledger: Database) -> None:
    retire_everything(ledger)
    heartbeat = Heartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN)
    heartbeat.when_retired(heartbeat.stop)
    heartbeat.start()
    until(lambda: seen(ledger) == [("web-1", "goodbye")])


def test_an_outage_keeps_the_last_answer_and_ends_by_itself(own_server: Server) -> None:
    with psycopg.connect(own_server.dsn(), autocommit=True) as connection:
        create_ledger(connection)
    with Heartbeat(own_server.dsn(), "shop", "v1", "web-1", every=OFTEN) as heartbeat:
        assert heartbeat.wait() == "ok"
        own_server.crash()
        until(lambda: heartbeat.error is not None)
        assert heartbeat.status == "ok"
        own_server.restart()
        until(lambda: heartbeat.error is None)
    with psycopg.connect(own_server.dsn()) as connection:
        assert connection.execute("SELECT left_why FROM zdmigrate.instance").fetchall() == [("goodbye",)]


def test_without_a_first_answer_the_status_is_unknown(ledger: Database, caplog: pytest.LogCaptureFixture) -> None:
    with Heartbeat("host=127.0.0.1 port=1 password=hunter2", "shop", "v1", every=OFTEN) as heartbeat:
        until(lambda: heartbeat.error is not None)
        assert heartbeat.wait(OFTEN) == "unknown"
    assert "no beat from" in caplog.text
    assert "hunter2" not in caplog.text


def test_the_application_may_open_the_connection_whatever_its_defaults(ledger: Database) -> None:
    """A beat needs READ COMMITTED; an ORM's connections may come with anything."""

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        connection = ledger.connect(options="-c default_transaction_isolation=serializable")
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection

    with Heartbeat(connect, "shop", "v1", "web-1", every=OFTEN) as heartbeat:
        assert heartbeat.wait() == "ok"
    assert seen(ledger) == [("web-1", "goodbye")]
    assert ready(connect, "shop", "v1") == "ready"


def test_a_stopped_heartbeat_can_be_started_again(ledger: Database) -> None:
    heartbeat = Heartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN)
    for _ in range(2):
        heartbeat.start()
        until(lambda: seen(ledger) == [("web-1", None)])
        heartbeat.stop()
        assert seen(ledger) == [("web-1", "goodbye")]
    heartbeat.stop()


def test_stopped_without_a_goodbye_it_counts_as_lost(ledger: Database) -> None:
    heartbeat = Heartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN).start()
    heartbeat.wait()
    heartbeat.stop(goodbye=False)
    assert seen(ledger) == [("web-1", None)]


def test_the_end_of_the_interpreter_is_a_goodbye(ledger: Database) -> None:
    program = f"""
        from zdmigrate.sdk import Heartbeat
        heartbeat = Heartbeat({ledger.dsn!r}, "shop", "v1", "web-1").start()
        print(heartbeat.wait())
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert ran.stdout == "ok\n"
    assert seen(ledger) == [("web-1", "goodbye")]


def test_instances_have_names_of_their_own() -> None:
    assert Heartbeat("", "shop", "v1").instance.rpartition(":")[0]


def test_beating_never_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds"):
        Heartbeat("", "shop", "v1", every=0)


def test_readiness_is_asked_with_one_call(ledger: Database) -> None:
    assert ready(ledger.dsn, "shop", "v1") == "ready"
    assert ready(ledger.dsn, "shop", "v9") == "unknown release"
    with pytest.raises(psycopg.OperationalError):
        ready("host=127.0.0.1 port=1", "shop", "v1")


def test_the_sdk_imports_nothing_that_migrates() -> None:
    program = "import sys, zdmigrate.sdk; print(*sorted(m for m in sys.modules if m.startswith('zdmigrate.')))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in ran.stdout.split()}
    assert rooms == {"sdk", "redact"}
