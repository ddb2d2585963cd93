"""PostgreSQL in a container, where a Docker engine answers."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENGINE = "unix:///var/run/docker.sock"


def engine_answers() -> bool:
    """Ask the engine itself. The ``docker`` program may be there without one, and costs a process to ask."""
    engine = urlsplit(os.environ.get("DOCKER_HOST") or ENGINE)
    if engine.scheme not in ("unix", "tcp") or os.environ.get("DOCKER_TLS_VERIFY"):
        return True  # named by hand, and only the client knows how to reach it
    try:
        with connected(engine) as asked:
            asked.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in asked.makefile("rb").readline()
    except OSError:
        return False


def connected(engine: SplitResult) -> socket.socket:
    if engine.scheme == "tcp":
        return socket.create_connection((engine.hostname or "localhost", engine.port or 2375), timeout=2)
    asked = socket.socket(socket.AF_UNIX)
    asked.settimeout(2)
    try:
        asked.connect(engine.path)
    except OSError:
        asked.close()
        raise
    return asked


@contextmanager
def container(major: int, settings: Mapping[str, str]) -> Iterator[str]:
    """The DSN of a server in a container of its own; its data is in memory."""
    from testcontainers.community.postgres import PostgresContainer

    options = {**settings, "fsync": "off", "full_page_writes": "off"}
    command = ["postgres", *(word for name, value in options.items() for word in ("-c", f"{name}={value}"))]
    started = PostgresContainer(f"postgres:{major}", username="postgres", password="postgres", dbname="postgres")
    started = started.with_command(command).with_env("PGDATA", "/pgdata").with_tmpfs_mount("/pgdata")
    with started:
        yield started.get_connection_url(driver=None)
