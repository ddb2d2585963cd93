"""The HTTP server: four addresses, each answered from what is remembered of the ledger."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import zdmigrate
from zdmigrate.serve import figures, page
from zdmigrate.serve.folder import Folder
from zdmigrate.serve.readiness import LONGEST, Readiness
from zdmigrate.serve.remembered import Remembered
from zdmigrate.serve.session import Session
from zdmigrate.serve.view import read_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.config import Config
    from zdmigrate.serve.view import View

FRESH = 2.0  # seconds for which a view is not read anew, however many look at it
PATIENCE = 2.0  # seconds that a page waits for a newer one
IDLE = 10.0  # seconds after which a client that sends nothing is left
MOST = 256  # connections at once; one more, and the oldest is left: it has been sending its question for longest
HTML, PLAIN = "text/html; charset=utf-8", "text/plain; charset=utf-8"
FIGURES = "text/plain; version=0.0.4; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Reply(NamedTuple):
    """One answer over HTTP."""

    status: int
    kind: str
    body: str


class Answers:
    """What each address answers for one app; ``release`` is the one that ``/readyz`` is about where it names none."""

    def __init__(self, dsn: str, config: Config, release: str | None) -> None:
        self.app, self.release = config.app, release
        self.sessions = Session(dsn, "serve"), Session(dsn, "serve ready")
        view, ready = self.sessions
        folder = Folder(config)
        self.readiness = Readiness(ready, config.app)
        self.view: Remembered[View] = Remembered(
            lambda: view.ask(lambda connection: read_view(connection, config, folder.changes())),
            fresh=FRESH,
            patience=PATIENCE,
        )
        self.addresses: dict[str, Callable[[str], Reply]] = {
            "/": lambda _: Reply(200, HTML, page.render(self.app, self.view.get())),
            "/livez": lambda _: Reply(200, PLAIN, "ok\n"),
            "/readyz": self._ready,
            "/metrics": lambda _: Reply(200, FIGURES, figures.render(self.app, self.view.get())),
        }

    def of(self, target: str) -> Reply:
        """The answer for a path with its query."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return Reply(400, PLAIN, "this is no address\n")
        found = self.addresses.get(parts.path)
        return found(parts.query) if found else Reply(404, PLAIN, f"there are {', '.join(self.addresses)}\n")

    def close(self) -> None:
        """End the connections; for when nobody is answered any more."""
        for session in self.sessions:
            session.close()

    def _ready(self, query: str) -> Reply:
        release = (parse_qs(query).get("release") or [self.release or ""])[-1]
        if not release or not release.isprintable() or len(release) > LONGEST:
            return Reply(400, PLAIN, "which release? /readyz?release=VERSION\n")
        said = self.readiness.of(release)
        return Reply(said.status, PLAIN, f"{said.text}\n")


class Server(ThreadingHTTPServer):
    """Listens from its making on; ``serve_forever`` answers, and what is under way at its end is answered still."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], answers: Answers) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.answers = answers
        self._open: dict[Any, None] = {}  # sockets of connections, the oldest first
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the question of HTTPServer's to the name service who this is: it may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.pop(request, None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, and no more of them than MOST: a client that never ends its question holds up nobody."""
        self._open[request] = None
        for oldest in list(self._open)[:-MOST]:
            self._open.pop(oldest, None)
            _leave(oldest)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up before its answer is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """End once every request has its reply; a browser's spare connection, which asks nothing, is not waited for."""
        for connection in tuple(self._open):
            _leave(connection)
        super().server_close()

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"


def _leave(connection: socket.socket) -> None:
    """It sends nothing any more; what it has asked is answered still."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


class _Handler(BaseHTTPRequestHandler):
    timeout = IDLE
    server: Server
    server_version, sys_version = f"zdmigrate/{zdmigrate.__version__}", ""

    def do_GET(self) -> None:
        self._reply(with_body=True)

    def do_HEAD(self) -> None:
        self._reply(with_body=False)

    def _reply(self, *, with_body: bool) -> None:
        reply = self.server.answers.of(self.path)
        body = reply.body.encode()
        self.send_response(HTTPStatus(reply.status))
        for name, value in {**HEADERS, "Content-Type": reply.kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing: a probe a second is no news."""
