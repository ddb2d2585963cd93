"""A question whose last answer is remembered: through an outage, and while the present one takes too long."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class Answer(NamedTuple, Generic[Value]):
    """``value`` is None before the first answer; ``error`` is why there is none newer, None while there is."""

    value: Value | None
    age: float  # seconds
    error: str | None


class Remembered(Generic[Value]):
    """Asks at most once at a time, and not again while the last answer is ``fresh`` (seconds).

    Who asks waits for as long as ``patience`` says, for the first answer ``first``; then it gets what is remembered,
    and the question goes on, for whoever asks next.
    """

    def __init__(self, ask: Callable[[], Value], *, fresh: float, patience: float, first: float = 2.0) -> None:
        self._ask, self.fresh, self.patience, self.first = ask, fresh, patience, first
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        self._value: Value | None = None
        self._at = 0.0
        self._error: str | None = None

    @property
    def last(self) -> Value | None:
        """What is remembered, however old; nothing is asked."""
        return self._value

    def get(self) -> Answer[Value]:
        """The answer now, or the last one."""
        with self._lock:
            known = self._value is not None
            if not known or time.monotonic() - self._at > self.fresh:
                self._begin()
            asking = self._asking
        if asking and not asking.wait(self.patience if known else self.first):
            self._note_slow(asking)
        with self._lock:
            return Answer(self._value, time.monotonic() - self._at, self._error)

    def _begin(self) -> None:
        if self._asking is None:
            self._asking = threading.Event()
            threading.Thread(target=self._run, args=(self._asking,), daemon=True).start()

    def _run(self, asking: threading.Event) -> None:
        value, error = None, None
        try:
            value = self._ask()
        except DatabaseError as refused:
            error = refused.sentence
        except Exception as bug:  # noqa: BLE001 - whoever waits must hear, and the server must go on
            error = f"this is a bug in zdmigrate: {type(bug).__name__}"
        finally:
            with self._lock:
                if value is not None:
                    self._value, self._at = value, time.monotonic()
                self._error, self._asking = error, None
            asking.set()

    def _note_slow(self, asking: threading.Event) -> None:
        with self._lock:
            if self._asking is asking:
                self._error = "the database has not answered yet"
