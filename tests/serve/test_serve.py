"""Probes, figures and the page: what they answer, what they remember, and what they never show."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests import asking
from tests.cli_lint.command import zdmigrate
from tests.live.shop import until
from tests.live.sources.looking import config
from tests.serve.conftest import CHANGE, serving
from zdmigrate.errors import DatabaseError
from zdmigrate.ledger.roles import _FOR_READER
from zdmigrate.live.observe import observe
from zdmigrate.serve import page, readiness, server
from zdmigrate.serve.remembered import Remembered
from zdmigrate.serve.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.shop import Shop
    from zdmigrate.serve.server import Server

NOWHERE = "postgresql://shop:hunter2@127.0.0.1:1/shop"


def get(served: Server, path: str) -> tuple[int, str]:
    return asking.get(served.url + path)


@pytest.fixture
def asks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FRESH", 0.0)
    monkeypatch.setattr(server, "FRESH", 0.0)


@pytest.fixture
def outage(shop: Shop) -> Iterator[None]:
    """Nobody gets in any more, and whoever was in is out."""
    name = shop.connection.info.dbname
    with psycopg.connect(shop.database.dsn, dbname="postgres", autocommit=True) as other:

        def down() -> None:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        yield down  # type: ignore[misc]
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


# --------------------------------------------------------------------------- probes


def test_readyz_says_yes_and_no_and_what_it_waits_for(shop: Shop, served: Server) -> None:
    shop.release("v4", "c", "d")
    shop.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v3')")

    assert get(served, "/readyz?release=v2") == (200, "shop v2: ready\n")
    assert get(served, "/readyz?release=v1") == (503, "shop v1: retired\n")
    assert get(served, "/readyz?release=v4") == (503, "shop v4: waiting for d: expand\n")
    assert get(served, "/readyz?release=v9") == (503, "shop v9: retired\n")
    assert get(served, "/readyz") == (400, "which release? /readyz?release=VERSION\n")


def test_readyz_may_be_about_one_release(shop: Shop) -> None:
    with serving(shop.database.dsn, release="v2") as served:
        assert get(served, "/readyz") == (200, "shop v2: ready\n")


@pytest.mark.usefixtures("asks_each_time")
def test_readyz_remembers_its_last_answer_through_an_outage(shop: Shop, served: Server, outage: object) -> None:
    get(served, "/readyz?release=v2"), get(served, "/readyz?release=v9")
    outage()  # type: ignore[operator]

    for _ in range(3):
        status, text = get(served, "/readyz?release=v2")
        assert status == 200
    assert re.fullmatch(r"shop v2: ready \(said \d s ago, the database does not answer\)\n", text)
    assert get(served, "/readyz?release=v9")[0] == 503
    assert get(served, "/readyz?release=v3") == (503, "shop v3: cannot say, the database does not answer\n")


@pytest.mark.usefixtures("asks_each_time")
def test_readyz_does_not_wait_for_a_database_that_hangs(shop: Shop, served: Server) -> None:
    assert get(served, "/readyz?release=v2")[0] == 200
    with shop.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE zdmigrate.release")
        status, text = get(served, "/readyz?release=v2")
    assert (status, "the database does not answer" in text) == (200, True), "it came before the lock was let go"


def test_what_can_be_no_release_is_asked_of_nobody(shop: Shop, served: Server) -> None:
    for release in ("%00", "a%0ab", "v" * 301, ""):
        assert get(served, f"/readyz?release={release}")[0] == 400
    assert not served.answers.readiness._releases


def test_invented_names_make_it_forget_no_release_that_may_serve(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "MOST", 3)
    ready = readiness.Readiness(Session(shop.database.dsn, "test"), "shop")
    for release in ("v2", "invented", "again", "more", "and more"):
        ready.of(release)
    assert list(ready._releases) == ["v2", "more", "and more"]
    ready.session.close()


def test_so_many_releases_are_remembered_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "MOST", 3)
    ready = readiness.Readiness(Session(shop.database.dsn, "test"), "shop")
    for release in ("a", "b", "c", "a", "d", "e"):
        ready.of(release)
    assert list(ready._releases) == ["a", "d", "e"]
    ready.session.close()


def test_without_a_database_it_lives_and_says_so() -> None:
    with serving(NOWHERE) as served:
        assert get(served, "/livez") == (200, "ok\n")
        assert get(served, "/readyz?release=v2")[0] == 503
        assert 'zdmigrate_database_answers{app="shop"} 0\n' in get(served, "/metrics")[1]
        status, text = get(served, "/")
        assert (status, "The database does not answer. Nothing is known yet." in text) == (200, True)
        assert get(served, "/etc/passwd") == (404, "there are /, /livez, /readyz, /metrics\n")


# --------------------------------------------------------------------------- figures


def samples(text: str) -> dict[str, float]:
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def test_metrics_tell_phases_backfills_instances_gates_and_waits(shop: Shop, served: Server) -> None:
    shop.seen("v1", ago=1)
    shop.seen("v1", ago=300, instance="web-2")
    shop.beat("v2")
    shop.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('shop', 'd', 'expanding')")
    shop.execute("INSERT INTO zdmigrate.pending VALUES ('shop', 'd', 0, false)")
    shop.execute(
        "INSERT INTO zdmigrate.backfill (app, change, position, fingerprint, blocks, seconds, rows)"
        " VALUES ('shop', 'd', 0, 'f', 100, 5, 7)"
    )

    found = samples(get(served, "/metrics")[1])

    def of(name: str, **labels: str) -> float:
        return found[f"zdmigrate_{name}{{" + ",".join(f'{k}="{v}"' for k, v in {"app": "shop", **labels}.items()) + "}"]

    assert of("database_answers") == 1
    assert of("change_phase", change="c", phase="expanded") == 1
    assert of("change_phase", change="d", phase="expanding") == 1
    assert of("change_steps_left", change="d") == 1
    assert (of("backfill_blocks", change="d", step="1"), of("backfill_rows", change="d", step="1")) == (100, 7)
    assert of("live_instances", version="v1", state="live") == of("live_instances", version="v1", state="lost") == 1
    assert of("gate_open", change="c", release="v3") == 0
    assert of("gate_reasons", change="c", release="v3", code="old-version-live") == 1
    assert of("release_retired", release="v1") == 0
    assert of("lock_waiting_sessions") == 0


def test_a_session_that_waits_for_a_row_is_counted(shop: Shop, served: Server) -> None:
    row = "SELECT 1 FROM zdmigrate.change FOR UPDATE"
    with shop.database.connect() as holder, shop.database.connect() as waiter:
        holder.execute("BEGIN")
        holder.execute(row)
        waiting = threading.Thread(target=waiter.execute, args=(row,))
        waiting.start()
        until(lambda: shop.execute("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(1,)])
        told = samples(get(served, "/metrics")[1])
        holder.execute("ROLLBACK")
        waiting.join()
    assert told['zdmigrate_lock_waiting_sessions{app="shop"}'] == 1


def test_a_gate_that_time_opens_says_when(shop: Shop, served: Server) -> None:
    shop.beat("v2")
    [left] = [value for name, value in samples(get(served, "/metrics")[1]).items() if "gate_left" in name]
    assert 0 < left <= 30 * 60


# --------------------------------------------------------------------------- the page


class Parts(HTMLParser):
    """Which elements and attributes a page has, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_shows_everything_and_loads_nothing(shop: Shop, served: Server) -> None:
    shop.seen("v1", ago=1, instance="<script>alert(1)</script>")
    shop.beat("v2")
    status, text = get(served, "/")
    parts = Parts(text)
    told = " ".join(parts.words)

    assert status == 200
    assert '<meta http-equiv="refresh" content="5">' in text
    for words in ("shut for v3", "old-version-live", "v1", "v2", "Time line", "Releases", "<script>alert(1)</script>"):
        assert words in told
    assert not parts.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not parts.attributes & {"src", "href", "onclick", "onload"}


@pytest.mark.usefixtures("asks_each_time")
def test_through_an_outage_the_page_shows_what_it_knew(shop: Shop, served: Server, outage: object) -> None:
    get(served, "/")
    outage()  # type: ignore[operator]
    text = get(served, "/")[1]
    assert "The database does not answer. What follows is" in text
    assert "shut for v3" in text
    assert 'zdmigrate_gate_open{app="shop",change="c",release="v3"} 0' in get(served, "/metrics")[1]


def test_an_app_of_which_nothing_is_known_has_a_page(ledger: object, shop: Shop) -> None:
    shop.execute("TRUNCATE zdmigrate.change, zdmigrate.release CASCADE")
    with serving(shop.database.dsn) as served:
        assert "No release is registered." in get(served, "/")[1]


def test_without_the_folder_a_gate_is_known_from_the_plan_that_was_kept(shop: Shop) -> None:
    shop.execute("UPDATE zdmigrate.change SET contract_plan = %s WHERE id = 'c'", '{"steps": [{}]}')
    with serving(shop.database.dsn) as served:
        assert "shut for v3" in get(served, "/")[1]


def test_the_page_says_how_old_each_source_s_knowledge_is_and_what_keeps_it_young(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "FRESH", 0.0)
    path = tmp_path / "live.json"
    settings = config({"source": "file", "path": str(path)})
    with serving(shop.database.dsn, settings=settings) as served:
        text = get(served, "/")[1]
        assert "The source <code>file</code> has never answered: its gates stay shut." in text
        assert "keep <code>zdmigrate live watch</code> running" in text
        path.write_text('["v2"]')
        observe(shop.connection, settings)
        text, told = get(served, "/")[1], samples(get(served, "/metrics")[1])
        assert re.search(r"The source <code>file</code> answered \d s ago\.", text)
        assert "live watch" not in text
        labels = '{app="shop",source="file",of="shop"}'
        assert told[f"zdmigrate_source_counts{labels}"] == 1
        assert 0 <= told[f"zdmigrate_source_age_seconds{labels}"] < 60
        shop.later(600)
        assert "The source <code>file</code> answered 10 min ago: its gates stay shut." in get(served, "/")[1]


def test_of_very_many_instances_the_first_are_shown_and_the_rest_counted(
    shop: Shop, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SHOWN", 2)
    for number in range(5):
        shop.beat("v2", f"web-{number}")
    text = get(served, "/")[1]
    assert ("web-1" in text, "web-2" in text) == (True, False)
    assert "and 3 more: <code>zdmigrate live list</code>" in text


# --------------------------------------------------------------------------- what it never does


def test_what_a_source_complains_of_is_on_no_page(shop: Shop, tmp_path: Path) -> None:
    """It may name an address, and a command may have printed anything."""
    (tmp_path / "c.sql").write_text(CHANGE)
    table = {"source": "command", "command": ["sh", "-c", "echo hunter2 at db.internal >&2; exit 1"]}
    settings = config(table).changed(dir=str(tmp_path))
    observe(shop.connection, settings)
    assert any("hunter2" in reason.sentence for reason in shop.ask(config=settings).reasons)
    with serving(shop.database.dsn, settings=settings) as served:
        for path in ("/", "/metrics"):
            assert "hunter2" not in get(served, path)[1]
        assert "the source command has not answered lately: zdmigrate live list asks it" in get(served, "/")[1]


@pytest.mark.parametrize("line", ["GET //[ HTTP/1.0", "GET http://[::1/ HTTP/1.0", "GET /\x1b[2J HTTP/1.0"])
def test_what_is_no_address_is_answered_all_the_same(line: str) -> None:
    with serving(NOWHERE) as served, socket.create_connection(("127.0.0.1", served.server_port), 30) as client:
        client.sendall(f"{line}\r\n\r\n".encode())
        assert re.match(rb"HTTP/1\.0 40[04] ", client.recv(100))


def test_clients_that_never_end_their_question_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST", 4)
    with serving(NOWHERE) as served, ExitStack() as slow:
        clients = [
            slow.enter_context(socket.create_connection(("127.0.0.1", served.server_port), 30)) for _ in range(12)
        ]
        for client in clients:
            client.sendall(b"GET /livez HTTP/1.0\r\nX-Slow: ")
        assert get(served, "/livez") == (200, "ok\n")
        until(lambda: len(served._open) <= 4)


def test_no_password_and_no_address_is_in_any_answer() -> None:
    with serving(NOWHERE) as served:
        for path in ("/", "/metrics", "/readyz?release=v1", "/livez", "/nothing"):
            text = get(served, path)[1]
            assert "hunter2" not in text
            assert "127.0.0.1" not in text


def test_nothing_that_it_asks_can_write(shop: Shop) -> None:
    session = Session(shop.database.dsn, "test")
    with pytest.raises(DatabaseError, match="read-only transaction"):
        session.ask(lambda connection: connection.execute("DELETE FROM zdmigrate.release"))
    session.close()


def test_the_reader_role_is_enough(shop: Shop, served: Server) -> None:
    from psycopg import sql

    role = shop.database.create_role("reader")
    with shop.database.connect() as owner:
        owner.execute(sql.SQL(_FOR_READER).format(reader=sql.Identifier(role)))
    with serving(shop.database.dsn_as(role)) as as_reader:
        assert get(as_reader, "/readyz?release=v2") == (200, "shop v2: ready\n")
        assert "Who is live" in get(as_reader, "/")[1]
        assert 'zdmigrate_database_answers{app="shop"} 1\n' in get(as_reader, "/metrics")[1]


def test_only_get_and_head_are_answered(served: Server) -> None:
    request = urllib.request.Request(served.url + "/", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(request, timeout=30)
    with urllib.request.urlopen(urllib.request.Request(served.url + "/livez", method="HEAD"), timeout=30) as answer:
        assert answer.read() == b""


def test_a_question_is_asked_once_however_many_wait_for_it() -> None:
    asked = iter(range(1, 100))
    remembered = Remembered(lambda: next(asked), fresh=60, patience=1)
    assert [remembered.get().value for _ in range(5)] == [1] * 5


# --------------------------------------------------------------------------- the command


def test_sigterm_ends_it_and_it_listens_on_the_loopback_only(shop: Shop) -> None:
    command = [sys.executable, "-m", "zdmigrate.cli.main", "serve", "--port", "0", "--app", "shop"]
    environment = {**os.environ, "ZDMIGRATE_DSN": shop.database.dsn}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = re.fullmatch(r"shop: (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert url, "loopback, unless it is told otherwise"
        with urllib.request.urlopen(url[1] + "/livez", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_connection_that_asks_nothing_does_not_hold_up_its_end() -> None:
    with serving(NOWHERE) as served:
        spare = socket.create_connection(("127.0.0.1", served.server_port))
        until(lambda: bool(served._open))
    assert spare.recv(1) == b"", "it was closed, well before its time was up"
    spare.close()


def test_a_port_that_is_taken_is_refused(served: Server) -> None:
    told = zdmigrate("serve", "--port", str(served.server_address[1]), "--dsn", NOWHERE)
    assert (told.code, "Address already in use" in told.err) == (2, True)
