"""Stands between a runner and the server, counts what the runner asks, and ends one of them at a chosen point.

It understands as much of PostgreSQL's protocol (manual, chapter "Frontend/Backend Protocol") as it takes to know
where a request ends: at Query or Sync. A request's answer ends at ReadyForQuery.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self
from urllib.parse import urlencode

from psycopg import conninfo

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
_AUTHENTICATED, _SASL_FINAL = struct.pack("!i", 0), struct.pack("!i", 12)


class When(Enum):
    """Where at a request the runner is ended."""

    BEFORE = "before"  # the server never hears of it
    DURING = "during"  # the server has it, and goes on alone
    AFTER = "after"  # the server has answered, and nobody has read it: a COMMIT is lost so


class Request(NamedTuple):
    """One round trip: who asked (application_name), and the SQL of it."""

    who: str
    sql: str


@dataclass(frozen=True, slots=True)
class Point:
    """The ``occurrence``-th time that a request is made (from 0), and when at it."""

    request: Request
    occurrence: int
    when: When

    def __str__(self) -> str:
        return (
            f"{self.when.value} {' '.join(self.request.sql.split())[:70]!r} ({self.occurrence}) of {self.request.who}"
        )


class Proxy:
    """Listens on loopback. ``end`` is called once, when ``point`` is reached; ``requests`` is what was asked so far."""

    def __init__(self, dsn: str, point: Point | None = None, end: Callable[[], None] = lambda: None) -> None:
        parts = conninfo.conninfo_to_dict(dsn)
        self.upstream = (str(parts["host"]), int(str(parts["port"])))
        self.point, self.end = point, end
        self.requests: list[Request] = []
        self.reached = False
        self._struck = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, 0))
        threading.Thread(target=self._accept, daemon=True).start()
        own = {"host": HOST, "port": str(self._listener.getsockname()[1]), "sslmode": "disable"}
        self.dsn = "postgresql://?" + urlencode({**parts, **own, "gssencmode": "disable"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection, both ways."""
        with self._lock:
            sockets, self._open = self._open, set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = _connected(*self.upstream)
        except OSError:  # there is no server just now
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {client, server}
        with contextlib.suppress(OSError, EOFError):
            _Conversation(self, client, server).hold()
        for each in (client, server):
            each.close()

    def is_the_point(self, request: Request) -> When | None:
        """Note a request; when the runner is to be ended at it, if it is."""
        with self._lock:
            occurrence = self.requests.count(request)
            self.requests.append(request)
        if self.point and self.point.request == request and self.point.occurrence == occurrence:
            return self.point.when
        return None

    def strike(self) -> None:
        """The point is reached."""
        self.reached = True
        try:
            self.end()
            self.cut()
        finally:
            self._struck.set()
        raise EOFError

    def settle(self, meanwhile: Callable[[], None]) -> None:
        """Wait until what happens at the point has happened, if it was reached."""
        while self.reached and not self._struck.wait(0.002):
            meanwhile()


class _Conversation:
    """One client and its backend: a request goes up, then all of its answer comes down."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.from_client, self.from_server = client.makefile("rb"), server.makefile("rb")

    def hold(self) -> None:
        startup = self._startup()
        who = _application_name(startup)
        self.server.sendall(startup)
        self._log_in()
        while True:
            sent, sql = self._request()
            when = self.proxy.is_the_point(Request(who, sql))
            if when is When.BEFORE:
                self.proxy.strike()
            self.server.sendall(sent)
            if when is When.DURING:
                self.proxy.strike()
            answer = self._answer()
            if when is When.AFTER:
                self.proxy.strike()
            self.client.sendall(answer)

    def _startup(self) -> bytes:
        head = _exactly(self.from_client, 4)
        (length,) = struct.unpack("!i", head)
        return head + _exactly(self.from_client, length - 4)

    def _log_in(self) -> None:
        """Let the two talk about passwords, until the server is ready for a query."""
        while True:
            kind, body, whole = _message(self.from_server)
            self.client.sendall(whole)
            if kind == b"Z":
                return
            if kind == b"R" and body[:4] not in (_AUTHENTICATED, _SASL_FINAL):
                self.server.sendall(_message(self.from_client)[2])

    def _request(self) -> tuple[bytes, str]:
        """All messages up to Query, Sync or Terminate, and the SQL in them."""
        sent, sql = b"", ""
        while True:
            kind, body, whole = _message(self.from_client)
            sent += whole
            if kind == b"Q":
                return sent, body[:-1].decode()
            if kind == b"P":
                sql = body.split(b"\0", 2)[1].decode()
            if kind in (b"S", b"X"):
                return sent, sql

    def _answer(self) -> bytes:
        answer = b""
        while True:
            kind, _, whole = _message(self.from_server)
            answer += whole
            if kind == b"Z":
                return answer


def _connected(host: str, port: int) -> socket.socket:
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
    server = socket.create_connection((host, port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def kill(pid: Callable[[], int]) -> Callable[[], None]:
    """SIGKILL, for ``Proxy.end``. The process is looked for only then: it may not have been there before."""
    return lambda: os.kill(pid(), signal.SIGKILL)


def _message(stream: BinaryIO) -> tuple[bytes, bytes, bytes]:
    head = _exactly(stream, 5)
    (length,) = struct.unpack("!i", head[1:])
    body = _exactly(stream, length - 4)
    return head[:1], body, head + body


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _application_name(startup: bytes) -> str:
    words = startup[8:].split(b"\0")
    return dict(zip(words[::2], words[1::2], strict=False)).get(b"application_name", b"").decode()
