"""Ends a run at one point after another, each time on a database of its own, and looks at what is left.

A point is a message of the client's: before the server has it, while the server works at it, or when the answer is on
its way. Three things can happen there (``Fault``). Afterwards another command, of a process that knows nothing of the
first, has to reach the end: the same as when nothing is in the way, or for a revert the beginning.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from tests.run.command import zdmigrate
from tests.stories.picture import ledger_of, picture
from tests.stories.proxy import Point, Proxy, When, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.servers.database import Connection, Database, RunningServer
    from tests.stories.apps import Version
    from tests.stories.proxy import Request
    from tests.stories.runners import Forge, Runner

WRITES = re.compile(
    r"\s*(COMMIT|INSERT INTO zdmigrate\.(step|change|fence|backfill|lease)"
    r"|(INSERT INTO|UPDATE|DELETE FROM) (?!zdmigrate)|UPDATE zdmigrate\.backfill_range|CREATE|ALTER|DROP)\b"
)


class Fault(Enum):
    """What happens at a point."""

    KILL = "kill"  # SIGKILL of the runner's process
    CUT = "cut"  # all of its connections are lost, both ways
    RESTART = "restart"  # the server is shut down at once, without a checkpoint, and started again


# What a run may end with: a runner that lost its connection or its server never with a bug, never by a signal.
ENDS = {Fault.KILL: (0, -9), Fault.CUT: (0, 2, 4, 5), Fault.RESTART: (0, 2, 4, 5)}


def as_a_picture(database: Database) -> str:
    """Schema and rows as text."""
    with database.connect() as connection:
        return picture(connection)


@dataclass(frozen=True)
class Crash:
    """``command`` is ended at every point; ``then`` is run afterwards, and the database must look as it should.

    ``build`` makes the database. ``alive`` is the version of the app that must be able to go on in between.
    """

    name: str
    build: Callable[[Connection], object]
    command: tuple[str, ...]
    then: tuple[str, ...]
    folder: Path
    alive: Version | None = None
    looks_at_ledger: bool = True  # a revert's ledger tells how far the expand had come, and nothing else should
    pictured: Callable[[Database], str] = as_a_picture


class Failure(NamedTuple):
    """A point that did not end well."""

    point: str
    why: str


@dataclass
class Tally:
    """What became of the points."""

    tried: int = 0
    failures: list[Failure] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def survived(self) -> int:
        return self.tried - len(self.failures)

    def add(self, other: Tally) -> None:
        self.tried += other.tried
        self.failures += other.failures
        self.missed += other.missed

    def __str__(self) -> str:
        return f"points tried / survived: {self.tried} / {self.survived}; {len(self.missed)} not met"


class Crashes:
    """One kind of crash, tried on ``server`` with runners of ``forge``; ``restart`` crashes and starts that server."""

    def __init__(
        self, server: RunningServer, forge: Forge, crash: Crash, restart: Callable[[], None] | None = None
    ) -> None:
        self.server, self.forge, self.crash = server, forge, crash
        self.template = server.template(f"crash_{crash.name}", crash.build)
        self.restart = restart

    @cached_property
    def requests(self) -> list[Request]:
        """What the client asks in an undisturbed run."""
        with self.server.database(self.template) as database, Proxy(database.dsn) as proxy:
            ran = self.forge.run(*self.crash.command, *self.at(proxy.dsn))
            assert ran.code == 0, ran.text
            return [request for request in proxy.requests if request.sql]

    @cached_property
    def end(self) -> tuple[str, str]:
        """How the database looks when nothing is in the way: the command, and then what follows."""
        with self.server.database(self.template) as database:
            for arguments in (self.crash.command, self.crash.then):
                printed = zdmigrate(*arguments, *self.at(database.dsn))
                assert printed.code == 0, printed.text
            return self.look(database)

    def points(self) -> list[Point]:
        """All points of an undisturbed run."""
        return list(_points(self.requests))

    def points_at_writes(self, fault: Fault) -> list[Point]:
        """Those at what writes and at COMMIT.

        Before a request, a lost connection ends as after the one before: of these, only lost answers.
        """
        points = _points([request for request in self.requests if WRITES.match(request.sql)])
        return [point for point in points if fault is Fault.KILL or point.when is When.AFTER]

    def try_all(self, points: Iterable[Point], fault: Fault) -> Tally:
        """Each point on a database of its own."""
        tally = Tally()
        for point in points:
            with self.server.database(self.template) as database:
                try:
                    if self._met(database, point, fault):
                        tally.tried += 1
                    else:
                        tally.missed.append(str(point))
                except AssertionError as error:
                    tally.tried += 1
                    tally.failures.append(Failure(f"{self.crash.name}, {fault.value} {point}", str(error)))
        return tally

    def _met(self, database: Database, point: Point, fault: Fault) -> bool:
        """Whether the run came by the point. Raises AssertionError for an end that should not be."""
        runner, reached = self._run(database, point, fault)
        assert runner.code in ENDS[fault], f"{runner.code}\n{runner.text}"
        assert "Traceback" not in runner.text, runner.text
        if self.crash.alive is not None:
            the_app_goes_on(database, self.crash.alive)
        printed = zdmigrate(*self.crash.then, *self.at(database.dsn))
        assert printed.code == 0, f"{printed.code}\n{runner.text}\n{printed.text}"
        schema, ledger = self.look(database)
        assert schema == self.end[0], "another end"
        assert not self.crash.looks_at_ledger or ledger == self.end[1], f"another ledger\n{ledger}\n{self.end[1]}"
        return reached

    def _run(self, database: Database, point: Point, fault: Fault) -> tuple[Runner, bool]:
        if fault is Fault.RESTART:
            # A sequence that CREATE DATABASE has copied gives its numbers again after a crash, until a checkpoint
            # (measured on 18): its WAL record, of 32 numbers at once, is the template's.
            database.execute("CHECKPOINT")
        started: Future[Runner] = Future()
        restart = _Restart(self.restart)
        strike = {
            Fault.KILL: kill(lambda: started.result(30).known_pid()),
            Fault.CUT: lambda: None,
            Fault.RESTART: restart.ask,
        }[fault]
        with Proxy(database.dsn, point, strike) as proxy:
            runner = self.forge.start(*self.crash.command, *self.at(proxy.dsn))
            started.set_result(runner)
            while not runner.ended.wait(0.002):
                restart.serve()
            proxy.settle(restart.serve)
        return runner, proxy.reached

    def look(self, database: Database) -> tuple[str, str]:
        with database.connect() as connection:
            return self.crash.pictured(database), ledger_of(connection)

    def at(self, dsn: str) -> Sequence[str]:
        return ("--dsn", dsn, "--dir", str(self.crash.folder))


class _Restart:
    """Asked for by a thread of the proxy, done by the main thread: the server would end with the thread."""

    def __init__(self, restart: Callable[[], None] | None) -> None:
        self.restart = restart
        self.asked, self.done = threading.Event(), threading.Event()

    def ask(self) -> None:
        self.asked.set()
        assert self.done.wait(60), "the server is not back"

    def serve(self) -> None:
        if self.asked.is_set() and not self.done.is_set():
            assert self.restart is not None, "only a server of our own can be restarted"
            self.restart()
            self.done.set()


def _points(requests: Sequence[Request]) -> Iterator[Point]:
    for request, occurrence in numbered(requests):
        for when in (When.BEFORE, When.AFTER) if when_matters(request) else (When.BEFORE,):
            yield Point(request, occurrence, when)


def when_matters(request: Request) -> bool:
    """Inside of a transaction, after one request is before the next. What stands by itself has an after."""
    return bool(re.match(r"\s*(COMMIT|.*\bCONCURRENTLY\b|VACUUM|INSERT INTO zdmigrate.lease)", request.sql))


def numbered(requests: Sequence[Request]) -> Iterator[tuple[Request, int]]:
    """Each request with how often it was made before."""
    seen: dict[Request, count[int]] = {}
    for request in requests:
        yield request, next(seen.setdefault(request, count()))


def the_app_goes_on(database: Database, version: Version) -> None:
    """Whatever a runner left, the version that is live reads and writes, and finds what it wrote."""
    with database.connect(options="-c statement_timeout=20s") as app:
        app.execute(version.update.encode(), ["written", 1])
        assert app.execute(version.read.encode(), [1]).fetchone() == ("written",)
        app.execute("BEGIN")
        app.execute(version.insert.encode(), ["somebody@example.com", "new"])
        app.execute("ROLLBACK")
