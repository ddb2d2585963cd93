"""http, command and file: what they answer, and each of them down, slow, empty and lying."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.shop import until
from tests.live.sources.looking import config, failure, seen
from zdmigrate.live.observe import observe
from zdmigrate.live.sighting import Seen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.shop import Shop
    from tests.live.sources.endpoint import Endpoint

ANSWERS: list[tuple[Any, list[Seen]]] = [
    (["v1", "v2"], [Seen("v1", "v1"), Seen("v2", "v2")]),
    ([{"version": "v2", "instance": "web-1", "weight": 0.1}], [Seen("v2", "web-1", weight=0.1)]),
    ({"instances": [{"version": "v2", "running": False}], "at": "now"}, [Seen("v2", "v2", running=False)]),
    ([], []),
]
NO_ANSWERS: list[tuple[Any, str]] = [
    ("", "is not JSON: nothing"),
    ("<html>", "is not JSON: <html>"),
    ("null", "has no list of instances"),
    ({"versions": ["v1"]}, "has no list of instances"),
    ([{"instance": "web-1"}], "cannot be read"),
    ([{"version": 7}], "cannot be read"),
    ([""], "cannot be read"),
    ([{"version": "v1", "weight": "all"}], "cannot be read"),
    ([{"version": "v1", "weight": 10}], "cannot be read"),
    ('[{"version": "v1", "weight": NaN}]', "cannot be read"),
    ('["v1", "v2"', "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    (["v1\x1b[2J"], r"cannot be shown, or is longer than 300: 'v1\x1b[2J'"),
    (["v1\x00"], r"cannot be shown, or is longer than 300: 'v1\x00'"),
    ('["v1\\ud800"]', r"cannot be shown, or is longer than 300: 'v1\ud800'"),
    (["v" * 301], "is longer than 300"),
]


@pytest.fixture
def http(endpoint: Endpoint) -> dict[str, Any]:
    return {"source": "http", "url": f"{endpoint.url}/live"}


@pytest.mark.parametrize(("body", "told"), ANSWERS)
def test_an_endpoint_tells_who_runs(shop: Shop, endpoint: Endpoint, http: Any, body: Any, told: list[Seen]) -> None:
    endpoint.put("/live", body)
    assert seen(shop.connection, http) == told


@pytest.mark.parametrize(("body", "why"), NO_ANSWERS)
def test_an_endpoint_that_says_something_else_has_not_answered(
    shop: Shop, endpoint: Endpoint, http: Any, body: Any, why: str
) -> None:
    endpoint.put("/live", body)
    assert why in failure(shop.connection, http)


def test_an_endpoint_that_is_down_or_refuses_has_not_answered(shop: Shop, endpoint: Endpoint, http: Any) -> None:
    endpoint.put("/live", ["v2"], status=503)
    assert "answers 503" in failure(shop.connection, http)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        down = {"source": "http", "url": f"http://127.0.0.1:{nobody.getsockname()[1]}/"}
        assert "refused" in failure(shop.connection, down)


def test_an_endpoint_that_sends_a_byte_now_and_then_is_given_up_on(shop: Shop, endpoint: Endpoint, http: Any) -> None:
    """No time-out of a socket ends this: each byte begins it anew."""
    endpoint.put("/live", ["v2"])
    endpoint.drip = True
    assert failure(shop.connection, {**http, "time_limit": "200ms"}) == "no answer within 0.2 s"


def test_the_token_of_an_endpoint_comes_from_a_variable(
    shop: Shop, endpoint: Endpoint, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.put("/live", [])
    named = {**http, "token": "DEPLOY_TOKEN"}
    assert "DEPLOY_TOKEN" in failure(shop.connection, named)
    monkeypatch.setenv("DEPLOY_TOKEN", "s3cret")
    seen(shop.connection, named)
    assert endpoint.asked[-1][1]["Authorization"] == "Bearer s3cret"


def test_nothing_of_a_token_or_of_a_url_that_may_be_secret_is_told(
    shop: Shop, endpoint: Endpoint, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**http, "url": f"{endpoint.url}/live?key=s3cret", "token": "DEPLOY_TOKEN"}
    for token in ("s3cret\nX-Other: 1", "s3cr\u00e9t"):
        monkeypatch.setenv("DEPLOY_TOKEN", token)
        told = failure(shop.connection, asked)
        assert ("has something in it that cannot be sent" in told, "s3cr" in told) == (True, False)
    monkeypatch.setenv("DEPLOY_TOKEN", "s3cret\n")  # as a Kubernetes secret often ends
    assert "answers 404" in failure(shop.connection, asked)
    assert endpoint.asked[-1][1]["Authorization"] == "Bearer s3cret"
    endpoint.put("/live", "no JSON")
    assert "s3cret" not in failure(shop.connection, asked)


LIE = [
    {"version": "v2", "instance": "web-1", "last_seen": "2999-01-01T00:00:00Z"},
    {"version": "v2", "instance": "web-1", "running": False, "last_seen": "1970-01-01T00:00:00Z"},
]


@pytest.mark.parametrize("source", ["http", "command", "file"])
def test_an_instance_told_twice_with_clocks_that_are_wrong_is_one_that_runs(
    shop: Shop, endpoint: Endpoint, http: Any, tmp_path: Path, source: str
) -> None:
    path, text = tmp_path / "live.json", json.dumps(LIE)
    endpoint.put("/live", text)
    path.write_text(text)
    tables = {"http": http, "command": python(f"print({text!r})"), "file": {"source": "file", "path": str(path)}}
    observe(shop.connection, config(tables[source]))
    lately = "last_seen BETWEEN now() - interval '1 hour' AND clock_timestamp()"
    assert shop.execute(f"SELECT instance, running, {lately} FROM zdmigrate.sighting") == [("web-1", True, True)]


def python(program: str, **options: Any) -> dict[str, Any]:
    return {"source": "command", "command": [sys.executable, "-c", program], **options}


def test_a_command_prints_json_or_a_line_for_each_instance(shop: Shop) -> None:
    assert seen(shop.connection, python("print('v1 web-1\\nv2')")) == [Seen("v1", "web-1"), Seen("v2", "v2")]
    assert seen(shop.connection, python("""print('["v2"]')""")) == [Seen("v2", "v2")]
    assert seen(shop.connection, python("print('[]')")) == []


def test_the_words_of_a_command_reach_no_shell(shop: Shop) -> None:
    table = {"source": "command", "command": [sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;id"]}
    assert seen(shop.connection, table) == [Seen("$HOME;id", "$HOME;id")]


def test_a_command_that_fails_or_prints_nothing_has_not_answered(shop: Shop) -> None:
    assert "printed nothing" in failure(shop.connection, python("pass"))
    program = "import sys; print('v2'); sys.exit('no cluster')"
    assert "exited with 1: no cluster" in failure(shop.connection, python(program))
    assert "No such file" in failure(shop.connection, {"source": "command", "command": ["/nowhere/list-versions"]})


def test_a_command_that_hangs_is_killed_with_all_that_it_started(shop: Shop, tmp_path: Path) -> None:
    started = tmp_path / "pid"
    child = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert "killed" in failure(shop.connection, python(program, time_limit="1s"))
    if started.exists():  # on a busy machine the child may not have come so far
        until(lambda: not _runs(int(started.read_text() or 0)))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_file_is_read_and_must_be_fresh(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    table = {"source": "file", "path": str(path)}
    assert "No such file" in failure(shop.connection, table)
    path.write_text('["v2"]')
    assert seen(shop.connection, table) == [Seen("v2", "v2")]
    for skew, why in ((-3600, "was written 60 min ago"), (3600, "in the future")):
        os.utime(path, (time.time() + skew,) * 2)
        assert why in failure(shop.connection, table)
    os.utime(path, (time.time() - 3600,) * 2)
    assert seen(shop.connection, {**table, "max_age": "2h"}) == [Seen("v2", "v2")]
    path.write_text("")
    assert "is not JSON" in failure(shop.connection, table)
    path.write_text("[]")
    assert seen(shop.connection, table) == [], "nothing runs"


def test_a_file_that_does_not_come_is_given_up_on(shop: Shop, tmp_path: Path) -> None:
    """A pipe stands for a file of another machine that does not answer: opening it waits for a writer."""
    path = tmp_path / "live.json"
    os.mkfifo(path)
    table = {"source": "file", "path": str(path), "time_limit": "200ms"}
    assert failure(shop.connection, table) == "no answer within 0.2 s"
    os.close(os.open(path, os.O_WRONLY))  # whoever waits still may go
