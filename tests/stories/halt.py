"""A proxy that stops a runner at one of its requests: stands it still as a paused machine, or only lets it wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from tests.stories.proxy import Proxy

if TYPE_CHECKING:
    from tests.stories.proxy import Request
    from tests.stories.runners import Runner


class Halt(Proxy):
    """Halts at the first request that contains ``text``, before the server has it.

    The runner is stopped (SIGSTOP), all of its connections with it; unless ``freezes``, only this one waits.
    """

    def __init__(self, dsn: str, text: str, *, freezes: bool = True) -> None:
        super().__init__(dsn)
        self.text = text
        self.freezes = freezes
        self.halted = threading.Event()
        self.go_on = threading.Event()
        self.runner: Runner | None = None

    def __exit__(self, *error: object) -> None:
        self.go_on.set()
        if self.runner is not None and not self.runner.ended.is_set():
            os.kill(self.runner.pid, signal.SIGKILL)
        super().__exit__(*error)

    def is_the_point(self, request: Request) -> None:
        if self.text in request.sql and not self.halted.is_set():
            while self.runner is None:
                time.sleep(0.005)
            if self.freezes:
                os.kill(self.runner.known_pid(), signal.SIGSTOP)
            self.halted.set()
            self.go_on.wait(60)

    def let_go(self) -> None:
        """The runner wakes, and its request reaches the server."""
        assert self.runner is not None
        if self.freezes:
            os.kill(self.runner.pid, signal.SIGCONT)
        self.go_on.set()
