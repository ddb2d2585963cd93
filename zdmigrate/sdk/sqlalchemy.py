"""A heartbeat for each process that uses a SQLAlchemy engine: it begins with the engine's first connection there."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event

from zdmigrate.sdk.heartbeat import Heartbeat

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from zdmigrate.sdk.session import Connect


class Retired(Exception):
    """The version is retired: a contract has begun that it does not know, and no transaction may begin any more."""


class EngineHeartbeat:
    """Listens to an engine; ``heartbeat`` is this process's, None before its first connection.

    A worker that was forked begins a heartbeat of its own with its first connection. With ``refuse``, no transaction
    begins once the version is retired: ``Retired`` is raised instead; those under way may end. Of an AsyncEngine pass
    ``sync_engine``. ``dsn`` is needed where the engine's URL is not all that it takes to connect.
    """

    def __init__(
        self,
        engine: Engine,
        app: str,
        version: str,
        *,
        dsn: str | Connect | None = None,
        refuse: bool = False,
        **options: Any,
    ) -> None:
        self.app, self.version, self.options = app, version, options
        self.dsn = dsn or _connect(engine)
        self.heartbeat: Heartbeat | None = None
        self._process = 0
        self._lock = threading.Lock()
        event.listen(engine, "connect", self._begin)
        if refuse:
            event.listen(engine, "begin", self._refuse)

    def _begin(self, *_: object) -> None:
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                self.heartbeat = Heartbeat(self.dsn, self.app, self.version, **self.options).start()

    def _refuse(self, _: object) -> None:
        if self.heartbeat and self.heartbeat.retired.is_set():
            raise Retired(f"version {self.version} of {self.app} is retired")


def _connect(engine: Engine) -> Connect:
    """The engine's own way, with psycopg: its URL names another driver perhaps, which changes nothing of the rest."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return lambda: psycopg.connect(url, application_name="zdmigrate beat", connect_timeout=5)
