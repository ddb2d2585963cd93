"""A proxy that does something to the runner, or to the server, at its n-th message."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.stories.proxy import Proxy

if TYPE_CHECKING:
    import socket

    from tests.simulate.drawn import Attempt
    from tests.stories.proxy import Request, When
    from tests.stories.runners import Runner

SLOW = 0.03  # seconds that each message takes longer, where the network is slow
_ANY = re.compile("")
_WRITES = re.compile(
    r"\s*(COMMIT|SAVEPOINT|ROLLBACK|LOCK TABLE|CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|INSERT INTO|UPDATE|DELETE FROM)\b"
)


class Trip(Proxy):
    """``tripped`` is set at the attempt's message; kill, cut, stop and term happen there and then."""

    def __init__(self, dsn: str, attempt: Attempt) -> None:
        super().__init__(dsn)
        self.fault, self.at = attempt.fault, attempt.at
        self.counted = _WRITES if attempt.writing else _ANY
        self.count = 0
        self.tripped = threading.Event()
        self.met = ""
        self.runner: Runner | None = None
        self.started = threading.Event()

    def begins(self, runner: Runner) -> None:
        self.runner = runner
        self.started.set()

    def is_the_point(self, request: Request) -> When | None:
        with self._lock:
            self.count += bool(self.counted.match(request.sql))
            now = self.count == self.at and not self.met
            reached = self.count >= self.at
        if now:
            self.met = " ".join(request.sql.split())[:90] or "a message without SQL"
            self.started.wait(30)
            self._happens()
            self.tripped.set()
        if reached and self.fault == "slow":
            time.sleep(SLOW)
        return None

    def _happens(self) -> None:
        assert self.runner is not None
        pid = self.runner.known_pid()
        if self.fault == "kill":
            os.kill(pid, signal.SIGKILL)
            self.strike()
        if self.fault == "cut":
            self.tripped.set()
            self.strike()
        if self.fault in ("stop", "term"):
            os.kill(pid, signal.SIGSTOP if self.fault == "stop" else signal.SIGTERM)

    def _serve(self, client: socket.socket) -> None:
        """While the server restarts there is nobody to connect to."""
        with suppress(OSError):
            super()._serve(client)
        client.close()
