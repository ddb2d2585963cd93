"""Something happens right before a certain batch of a backfill."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.run.waiting import until
from zdmigrate.run.backfills.worker import Worker

if TYPE_CHECKING:
    import pytest

    from zdmigrate.run.backfills.ranges import BlockRange

AtBatch = Callable[[int, Callable[[Worker], object]], None]


def interrupt(worker: Worker) -> None:
    """Ctrl-C while a batch is about to run: it is finished, and no other is begun."""
    signal.raise_signal(signal.SIGINT)
    until(lambda: worker.shared.valve.stopped)


def arranged(monkeypatch: pytest.MonkeyPatch) -> AtBatch:
    """Calls what it is given, with the worker, right before the batch of a number (from 1)."""

    def arrange(number: int, happens: Callable[[Worker], object]) -> None:
        original, counted = Worker._batch, iter(range(1, 10_000))

        def batch(worker: Worker, taken: BlockRange) -> int:
            if next(counted) == number:
                happens(worker)
            return original(worker, taken)

        monkeypatch.setattr(Worker, "_batch", batch)

    return arrange
