"""Requests under way: which may begin, and when the last one has ended after the version was retired."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.sdk.heartbeat import Heartbeat

Application = TypeVar("Application")

REFUSAL = b"this version is retired\n"


class Traffic:
    """Counts requests. Once ``heartbeat`` hears ``retired``, none begins any more, and those under way may end.

    ``drained`` is set, and ``on_drained`` is called, once none is left: in the thread of the last request, or in the
    beating one. There the instance may stop.
    """

    def __init__(self, heartbeat: Heartbeat, on_drained: Callable[[], object] | None = None) -> None:
        self.heartbeat = heartbeat
        self.drained = threading.Event()
        self._on_drained = on_drained
        self._lock = threading.Lock()
        self._under_way = 0
        heartbeat.when_retired(self._look)

    @property
    def is_ready(self) -> bool:
        """The readiness of a running instance: only ``retired`` ends it, an outage of the database does not."""
        return not self.heartbeat.retired.is_set()

    def begin(self) -> bool:
        """Whether a request may begin; one that may has to ``end``."""
        with self._lock:
            if self.is_ready:
                self._under_way += 1
                return True
            return False

    def end(self) -> None:
        """A request has ended."""
        with self._lock:
            self._under_way -= 1
        self._look()

    def _look(self) -> None:
        with self._lock:
            if self.is_ready or self._under_way or self.drained.is_set():
                return
            self.drained.set()
        if self._on_drained:
            self._on_drained()


class Retiring(Generic[Application]):
    """An application, and what its middleware needs: where its probe asks, and the traffic that it counts."""

    def __init__(
        self,
        app: Application,
        heartbeat: Heartbeat,
        *,
        ready_path: str = "/readyz",
        on_drained: Callable[[], object] | None = None,
    ) -> None:
        self.app, self.ready_path = app, ready_path
        self.traffic = Traffic(heartbeat, on_drained)
