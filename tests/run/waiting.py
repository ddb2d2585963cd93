"""Waiting for something that another process does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 30.0  # seconds


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; it fails when it never is."""
    deadline = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)
