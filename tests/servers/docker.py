"""PostgreSQL in a container, where a Docker engine answers."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOCKET = Path("/var/run/docker.sock")


def engine_answers() -> bool:
    """Ask the engine itself. The ``docker`` program may be there without one, and costs a process to ask."""
    if not os.environ.get("DOCKER_HOST") and not SOCKET.exists():
        return False  # spares most machines the import: 0.3 s
    import docker

    try:
        engine = docker.from_env(timeout=2)
    except docker.errors.DockerException:
        return False
    try:
        return bool(engine.ping())
    except (docker.errors.DockerException, OSError):
        return False
    finally:
        engine.close()


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
