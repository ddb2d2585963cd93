"""ASGI middleware: readiness that ``retired`` turns off, while requests and websockets under way end as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.sdk.traffic import REFUSAL, Retiring

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[Any]]
    Application = Callable[[Any, Receive, Send], Awaitable[Any]]

TRY_AGAIN = 1013  # the websocket code for a server that asks to be tried again later


class RetiringApp(Retiring["Application"]):
    """``app``, with an answer of its own at ``ready_path``; once the version is retired, 503 for whatever else is new.

    ``on_drained`` may be called in another thread than the loop's: let it call ``loop.call_soon_threadsafe``, or send
    a signal to the process.
    """

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # lifespan is about the server, not about traffic
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == self.ready_path:
            await (_answer(send, 200, b"ready\n") if self.traffic.is_ready else _refuse(scope, receive, send))
        elif not self.traffic.begin():
            await _refuse(scope, receive, send)
        else:
            try:
                await self.app(scope, receive, send)
            finally:
                self.traffic.end()


async def _refuse(scope: Any, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": TRY_AGAIN})
    else:
        await _answer(send, 503, REFUSAL, (b"retry-after", b"1"))


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    fields = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
