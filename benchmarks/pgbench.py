"""pgbench as an app that keeps its pace: starts it, and reads from its log when each transaction was due and done."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.embedded.locate import Binaries


class Done(NamedTuple):
    """One transaction: when it was due and when it was over, in seconds since 1970.

    With a rate, pgbench counts from the moment that its schedule names, so a client that could not start in time is
    not left out (measured: 5.0 s behind a lock of 5.0 s, where the statements alone took less).
    """

    due: float
    over: float

    @property
    def milliseconds(self) -> float:
        return (self.over - self.due) * 1000


class Latency(NamedTuple):
    """Of ``number`` transactions, in milliseconds."""

    number: int
    median: float
    p99: float
    longest: float

    @classmethod
    def of(cls, done: Sequence[Done]) -> Latency:
        times = sorted(each.milliseconds for each in done)
        if not times:
            return cls(0, math.nan, math.nan, math.nan)
        return cls(len(times), times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)], times[-1])


class Load:
    """A pgbench that runs ``script`` for ``seconds``; ``rate`` transactions a second, or as many as go."""

    def __init__(
        self, binaries: Binaries, dsn: str, script: str, seconds: float, *, clients: int = 20, rate: int | None = 200
    ) -> None:
        self.folder = TemporaryDirectory(prefix="zdmigrate-load-")
        file = Path(self.folder.name) / "script.sql"
        file.write_text(script)
        paced = ["--rate", str(rate)] if rate else []
        self.command = [
            binaries.program("pgbench"), "--no-vacuum", "--log", "--log-prefix", str(file.with_name("log")),
            "--jobs", "2", "--client", str(clients), "--time", str(math.ceil(seconds)), "--file", str(file), *paced,
            dsn,
        ]  # fmt: skip
        self.environment = binaries.environment()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def finish(self) -> list[Done]:
        """Wait for its end; every transaction, in no order. Raises RuntimeError where a query failed."""
        told, _ = self.process.communicate()
        if self.process.returncode or "number of failed transactions: 0 " not in told:
            raise RuntimeError(f"a query of the app failed:\n{told}")
        return list(self.read())

    def read(self) -> Iterator[Done]:
        """What its log says by now."""
        for log in Path(self.folder.name).glob("log.*"):
            for line in log.read_text().splitlines():
                _client, _number, microseconds, _script, second, fraction, *_ = line.split()
                over = int(second) + int(fraction) / 1e6
                yield Done(over - int(microseconds) / 1e6, over)
