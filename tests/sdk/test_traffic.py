"""Servers and loops around a heartbeat: what they answer once the version is retired, and what may end in peace."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.validate import validator

import pytest
from asgiref.testing import ApplicationCommunicator

from tests.asking import get
from tests.live.shop import until
from tests.sdk.retiring import OFTEN, retire_everything, seen
from zdmigrate.sdk import Heartbeat, asgi, wsgi
from zdmigrate.sdk.aio import AsyncHeartbeat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.servers.database import Database

Asked: Any = ApplicationCommunicator  # it has no types


@pytest.fixture
def heartbeat(ledger: Database) -> Iterator[Heartbeat]:
    with Heartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN) as beating:
        assert beating.wait() == "ok"
        yield beating


# --------------------------------------------------------------------------- WSGI


class Quiet(WSGIRequestHandler):
    def log_message(self, *words: object) -> None:
        """Nothing to stderr."""


class Threaded(ThreadingMixIn, WSGIServer):
    pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    """A WSGI server with a thread a request."""
    with Threaded(("127.0.0.1", 0), Quiet) as server:
        server.set_app(app)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class SlowApp:
    """Answers in two pieces, the second one when it may."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/broken":
            raise ValueError(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self._body(environ["PATH_INFO"])

    def _body(self, path: str) -> Iterator[bytes]:
        yield b"begun, "
        if path == "/slow":
            self.begun.set()
            self.may_end.wait()
        yield b"ended"


def test_a_retired_wsgi_app_ends_what_it_has_begun_and_begins_nothing(ledger: Database, heartbeat: Heartbeat) -> None:
    app, drained = SlowApp(), threading.Event()
    retiring = wsgi.RetiringApp(app, heartbeat, on_drained=drained.set)
    answers: list[tuple[int, str]] = []
    with served(validator(retiring)) as url:
        assert get(f"{url}/readyz") == (200, "ready\n")
        assert get(f"{url}/") == (200, "begun, ended")
        slow = threading.Thread(target=lambda: answers.append(get(f"{url}/slow")))
        slow.start()
        assert app.begun.wait()

        retire_everything(ledger)
        assert heartbeat.retired.wait()

        assert get(f"{url}/readyz") == (503, "this version is retired\n")
        assert get(f"{url}/") == (503, "this version is retired\n")
        assert not drained.is_set(), "a request is under way"
        app.may_end.set()
        slow.join()
        assert drained.wait()
    assert answers == [(200, "begun, ended")]


def test_a_request_that_breaks_has_ended(ledger: Database, heartbeat: Heartbeat) -> None:
    retiring = wsgi.RetiringApp(SlowApp(), heartbeat)
    with pytest.raises(ValueError, match="/broken"):
        retiring({"PATH_INFO": "/broken"}, lambda *_: None)
    retire_everything(ledger)
    assert retiring.traffic.drained.wait()


def test_an_idle_app_is_drained_the_moment_it_is_retired(ledger: Database, heartbeat: Heartbeat) -> None:
    retire_everything(ledger)
    assert heartbeat.retired.wait()
    drained = threading.Event()
    wsgi.RetiringApp(SlowApp(), heartbeat, on_drained=drained.set)
    assert drained.is_set()


# --------------------------------------------------------------------------- ASGI


def test_a_retired_asgi_app_ends_what_it_has_begun_and_begins_nothing(ledger: Database, heartbeat: Heartbeat) -> None:
    asyncio.run(_retire_asgi(ledger, heartbeat))


async def _retire_asgi(ledger: Database, heartbeat: Heartbeat) -> None:
    may_end = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        await receive()
        await may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ended"})

    retiring = asgi.RetiringApp(app, heartbeat)

    async def request(path: str) -> tuple[int, bytes]:
        asked = Asked(retiring, {"type": "http", "path": path})
        await asked.send_input({"type": "http.request"})
        start, body = await asked.receive_output(30), await asked.receive_output(30)
        await asked.wait()
        return start["status"], body["body"]

    async def websocket() -> str:
        asked = Asked(retiring, {"type": "websocket", "path": "/"})
        await asked.send_input({"type": "websocket.connect"})
        answer: str = (await asked.receive_output(30))["type"]
        await asked.wait()
        return answer

    assert await request("/readyz") == (200, b"ready\n")
    assert await websocket() == "websocket.accept"
    slow = asyncio.create_task(request("/slow"))
    await asyncio.sleep(0)
    while not retiring.traffic._under_way:
        await asyncio.sleep(0.005)

    retire_everything(ledger)
    await asyncio.to_thread(heartbeat.retired.wait)

    assert await request("/readyz") == (503, b"this version is retired\n")
    assert await request("/") == (503, b"this version is retired\n")
    assert await websocket() == "websocket.close"
    assert not retiring.traffic.drained.is_set()
    may_end.set()
    assert await slow == (200, b"ended")
    assert retiring.traffic.drained.is_set()


def test_the_server_s_own_start_and_end_are_passed_on() -> None:
    heard = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append(scope["type"])

    asyncio.run(asgi.RetiringApp(app, Heartbeat("", "shop", "v1"))({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert heard == ["lifespan"]


# --------------------------------------------------------------------------- asyncio


def test_in_a_loop_it_beats_hears_and_says_goodbye(ledger: Database) -> None:
    async def live() -> None:
        async with AsyncHeartbeat(ledger.dsn, "shop", "v1", "web-1", every=OFTEN) as heartbeat:
            assert await heartbeat.wait() == "ok"
            retire_everything(ledger)
            await heartbeat.retired.wait()
            assert heartbeat.status == "retired"

    asyncio.run(live())
    assert seen(ledger) == [("web-1", "goodbye")]


def test_a_loop_that_is_stuck_still_beats(ledger: Database) -> None:
    async def live() -> None:
        async with AsyncHeartbeat(ledger.dsn, "shop", "v1", every=OFTEN) as heartbeat:
            await heartbeat.wait()
            [(before,)] = ledger.execute("SELECT last_seen FROM zdmigrate.instance")
            until(lambda: ledger.execute("SELECT last_seen FROM zdmigrate.instance") > [(before,)])  # holds the loop up

    asyncio.run(live())
