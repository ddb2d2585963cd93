"""A small HTTP server whose answers a test decides, slow ones included."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Endpoint:
    """``answers`` by path without its query: a status and a body. ``drip`` sends it a byte at a time, for ever."""

    server: ThreadingHTTPServer
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    secure: bool = False
    drip: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def started(cls, certificate: Path | None = None, key: Path | None = None) -> Iterator[Self]:
        """Speaks TLS if it has a certificate."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        made = server.endpoint = cls(server, secure=certificate is not None)  # type: ignore[attr-defined]  # for Handler
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, key)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that trusts it not hangs up
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            server.server_close()
            thread.join()

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.server.server_port}"

    def put(self, path: str, body: Any, status: int = 200) -> None:
        """A body that is no text is sent as JSON."""
        self.answers[path] = (status, body)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        endpoint: Endpoint = self.server.endpoint  # type: ignore[attr-defined]
        endpoint.asked.append((self.path, dict(self.headers)))
        status, body = endpoint.answers.get(self.path) or endpoint.answers.get(self.path.partition("?")[0], (404, {}))
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        self.end_headers()
        with suppress(OSError):  # who asked may have gone
            while endpoint.drip and not endpoint.ended.wait(0.01):
                self.wfile.write(b" ")
            self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        """Tests are read, not their servers' logs."""
