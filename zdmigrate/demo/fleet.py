"""The running instances of one app version: each beats through the SDK and works on several connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.demo.worker import Worker
from zdmigrate.sdk import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.demo.record import Record
    from zdmigrate.demo.shop import Users
    from zdmigrate.demo.versions import AppVersion

APP = "shop"
BEAT = 0.5  # seconds
STOPPED = 10.0  # seconds until a worker that does not stop is left behind


class Fleet:
    """``instances`` of a version with ``connections`` each; the first worker has the slot ``first_slot``."""

    def __init__(
        self, dsn: str, version: AppVersion, users: Users, *, first_slot: int, instances: int = 2, connections: int = 2
    ) -> None:
        self.version = version
        slots = range(first_slot, first_slot + instances * connections)
        self.workers = [Worker(dsn, version, slot, users) for slot in slots]
        self.hearts = [
            Heartbeat(dsn, APP, version.name, f"{version.name}-{letter}", every=BEAT)
            for letter in "abcdefgh"[:instances]
        ]

    def start(self) -> None:
        for worker in self.workers:
            worker.start()

    def beat(self) -> None:
        """Say that the instances run; returns once the ledger knows all of them."""
        for heart in self.hearts:
            heart.start()
        for heart in self.hearts:
            heart.wait(STOPPED)

    def drain(self) -> None:
        """Let every connection finish what it does, then say goodbye; as a rolling deploy does."""
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            worker.end(STOPPED)
        for heart in self.hearts:
            heart.stop()

    @property
    def records(self) -> Sequence[Record]:
        return [worker.record for worker in self.workers]

    @property
    def queries(self) -> int:
        return sum(record.queries for record in self.records)

    @property
    def writes(self) -> int:
        return sum(record.writes for record in self.records)

    @property
    def failures(self) -> list[str]:
        return [failure for record in self.records for failure in record.failures]
