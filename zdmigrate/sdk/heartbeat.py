"""A thread that tells the ledger that this instance runs, and hears when its version is retired."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, Literal, Self

import psycopg

from zdmigrate.redact import redact
from zdmigrate.sdk.session import TIMEOUT, call, connector, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.sdk.session import Connect

Status = Literal["ok", "retired", "unknown"]

logger = logging.getLogger("zdmigrate.sdk")


class Heartbeat:
    """Beats every ``every`` seconds on a connection of its own; says goodbye when stopped and at interpreter exit.

    ::

        with Heartbeat(dsn, app="shop", version="7.2") as heartbeat:
            serve(until=heartbeat.retired)

    ``status`` is the last answer: an outage of the database changes nothing, and ``unknown`` is there only before
    the first answer. ``retired`` is an event that is set, and ``on_retired`` is called in the beating thread, when
    the answer is ``retired`` for the first time: stop writing then. Threads do not survive a fork: start it in the
    process that serves (for gunicorn in ``post_fork``).
    """

    def __init__(
        self,
        dsn: str | Connect,
        app: str,
        version: str,
        instance: str | None = None,
        *,
        every: float = 10.0,
        on_retired: Callable[[], object] | None = None,
    ) -> None:
        if every <= 0:
            raise ValueError("every is a number of seconds, more than none")
        self.app = app
        self.version = version
        self.instance = instance or f"{socket.gethostname()}:{os.getpid()}"
        self.every = every
        self.status: Status = "unknown"
        self.error: Exception | None = None  # why the last beat got no answer
        self.retired = threading.Event()
        self._connect = connector(dsn, f"beat {app} {version}")
        self._when_retired = [on_retired] if on_retired else []
        self._leaves = True
        self._stop = threading.Event()
        self._answered = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection[Any] | None = None

    def start(self) -> Self:
        """Begin to beat; returns at once. ``wait`` waits for the first answer."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=f"zdmigrate-beat-{self.app}", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
        return self

    def wait(self, timeout: float | None = None) -> Status:
        """The status once there is one, or ``unknown`` when ``timeout`` seconds brought no answer."""
        self._answered.wait(timeout)
        return self.status

    def when_retired(self, callback: Callable[[], object]) -> None:
        """Call this, too, when the answer is ``retired`` for the first time; at once if it was already."""
        self._when_retired.append(callback)
        if self.retired.is_set():
            self._call_back(callback)

    def stop(self, *, goodbye: bool = True) -> None:
        """Say goodbye and end the thread; waits a few seconds at most when the database does not answer.

        Without the goodbye the instance counts as lost: for whoever stops beating while the application may go on.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._leaves = goodbye
        self._stop.set()
        atexit.unregister(self.stop)
        if thread is not threading.current_thread():  # on_retired may well stop the heartbeat
            thread.join(2 * TIMEOUT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            self._stop.wait(self.every)
        if self._leaves:
            self._goodbye()
        self._close()

    def _beat(self) -> None:
        try:
            answer = self._call("SELECT zdmigrate.beat(%s, %s, %s)")
        except Exception as error:  # noqa: BLE001 - the application's connect may raise anything; beating goes on
            self._lose(error)
            return
        self.error = None
        self.status = "retired" if answer == "retired" else "ok"
        self._answered.set()
        if self.status == "retired" and not self.retired.is_set():
            self.retired.set()
            self._tell()

    def _tell(self) -> None:
        logger.error("version %s of %s is retired: this instance must stop writing", self.version, self.app)
        for callback in tuple(self._when_retired):
            self._call_back(callback)

    def _call_back(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception:
            logger.exception("on_retired failed")

    def _goodbye(self) -> None:
        """The last word; without it the instance counts as lost."""
        try:
            self._call("SELECT zdmigrate.goodbye(%s, %s, %s)")
        except Exception as error:  # noqa: BLE001 - nobody is left to hear it
            logger.warning("no goodbye from %s: %s", self.instance, redact(str(error)))

    def _call(self, query: str) -> Any:
        if self._connection is None:
            self._connection = self._connect()
            prepare(self._connection)
        return call(self._connection, query, [self.app, self.version, self.instance])

    def _lose(self, error: Exception) -> None:
        """Drop a connection that failed; the next beat opens another."""
        self.error = error
        logger.warning("no beat from %s: %s", self.instance, redact(" ".join(str(error).split())))
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
