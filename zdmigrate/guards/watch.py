"""Asks guards over and over, in a thread beside the work: a slow answer must not hold up who has to act on it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from zdmigrate.guards.judge import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zdmigrate.config import Guard

CALM = 2  # answers in a row that must be well after one that was not
GRACE = 5.0  # seconds beyond its interval and time limit after which a guard that does not answer says no


class _State:
    """One guard: why it says no, well answers since, and when it answered last."""

    def __init__(self, said: str) -> None:
        self.said = said
        self.well = CALM
        self.at = time.monotonic()


class GuardWatch:
    """Guards from the first answer on, which is waited for. ``breaches`` is what they say now."""

    def __init__(self, guards: Sequence[Guard], baseline: Mapping[str, float]) -> None:
        self.guards = tuple(guards)
        self.baseline = baseline
        self._ended = threading.Event()
        self._states = {guard.name: _State(judge(guard, baseline)) for guard in self.guards}
        self._threads = [
            threading.Thread(target=self._ask, args=(guard,), name=f"guard {guard.name}", daemon=True)
            for guard in self.guards
        ]

    def breaches(self) -> list[str]:
        """Why guards say no; empty while all are well."""
        return list(filter(None, (self._said(guard) for guard in self.guards)))

    def _said(self, guard: Guard) -> str:
        state = self._states[guard.name]
        silent = time.monotonic() - state.at
        if silent > guard.every.seconds + guard.time_limit.seconds + GRACE:
            return f"guard {guard.name} has not answered for {silent:.0f} s"
        return state.said

    def _ask(self, guard: Guard) -> None:
        state = self._states[guard.name]
        while not self._ended.wait(guard.every.seconds):
            said = judge(guard, self.baseline)
            state.well = 0 if said else state.well + 1
            if said or state.well >= CALM:
                state.said = said
            state.at = time.monotonic()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
