"""A Docker engine of a few lines: it says what an engine says, and its container is a server that already runs."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Engine(socketserver.ThreadingUnixStreamServer):
    """``created`` collects the bodies of create requests, ``removed`` the containers that were removed."""

    daemon_threads = True

    def __init__(self, socket: Path, port: int) -> None:
        super().__init__(str(socket), Answers)
        self.port = port
        self.created: list[dict[str, Any]] = []
        self.removed: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that has heard enough may hang up."""


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # each answer ends its connection: what runs in a container is read to its end
    server: Engine

    def do_GET(self) -> None:
        if self.path.endswith("/_ping"):
            return self.answer("OK")
        if self.path.endswith("/version"):
            return self.answer({"ApiVersion": "1.45", "MinAPIVersion": "1.24", "Version": "26"})
        if "/images/" in self.path:
            return self.answer({"Id": "sha256:1", "RepoTags": []})
        if "/exec/" in self.path:
            return self.answer({"ExitCode": 0, "Running": False})
        if "/networks" in self.path:
            return self.answer([])
        return self.answer(self.container())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/containers/create" in self.path:
            self.server.created.append(json.loads(body))
            return self.answer({"Id": "c0ffee", "Warnings": []}, 201)
        if self.path.endswith("/exec"):
            return self.answer({"Id": "e1"}, 201)
        if "/exec/" in self.path:
            return self.answer("")
        return self.answer("", 204)

    def do_DELETE(self) -> None:
        self.server.removed.append(self.path)
        self.answer("", 204)

    def container(self) -> dict[str, Any]:
        ports = {"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(self.server.port)}]}
        return {
            "Id": "c0ffee",
            "Name": "/postgres",
            "Image": "sha256:1",
            "State": {"Status": "running", "Running": True},
            "Config": {"Labels": {}},
            "HostConfig": {},
            "NetworkSettings": {"Ports": ports, "Networks": {}},
        }

    def answer(self, content: object, status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def address_string(self) -> str:
        return "engine"  # a Unix socket's client has no address

    def log_message(self, *_: object) -> None:
        """Nothing: standard error belongs to the test."""


@contextmanager
def fake_engine(socket: Path, port: int) -> Iterator[Engine]:
    with Engine(socket, port) as engine:
        thread = threading.Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield engine
        finally:
            engine.shutdown()
            thread.join()
