"""Ends a runner at one point after another, each time on a database of its own, and looks at what is left."""

from __future__ import annotations

import re
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from tests.run.command import zdmigrate
from tests.stories.picture import ledger_of, picture
from tests.stories.proxy import Point, Proxy, When, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.servers.database import Connection, Database, RunningServer
    from tests.stories.apps import Version
    from tests.stories.proxy import Request
    from tests.stories.runners import Forge, Runner

WRITES = re.compile(
    r"\s*(COMMIT|INSERT INTO zdmigrate\.(step|change|fence|backfill|lease)"
    r"|(INSERT INTO|UPDATE|DELETE FROM) (?!zdmigrate)|UPDATE zdmigrate\.backfill|CREATE|ALTER|DROP)\b"
)
RAN = (0, 2, 4, 5)  # what a runner that lost its connection may end with: never a bug, never a signal


@dataclass(frozen=True, slots=True)
class Crash:
    """``command`` is ended at every point; ``then`` is run afterwards, and the database must look like ``end``.

    ``build`` makes the database; ``alive`` is the version of the app that must be able to go on in between.
    """

    build: Callable[[Connection], object]
    command: tuple[str, ...]
    then: tuple[str, ...]
    alive: Version
    folder: Path
    kills: bool = True  # else only its connections are cut
    looks_at_ledger: bool = True  # a revert's ledger tells how far the expand had come, and nothing else should


@dataclass
class Tally:
    """What became of the points: all survived, or the test has failed by then."""

    tried: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.tried)} points tried, all survived; {len(self.missed)} not met"


class Crashes:
    """One kind of crash, tried on ``server`` with runners of ``forge``."""

    def __init__(self, server: RunningServer, forge: Forge, crash: Crash, name: str) -> None:
        self.server, self.forge, self.crash = server, forge, crash
        self.template = server.template(f"crash_{name}", crash.build)

    def points(self, *, every: bool) -> list[Point]:
        """All points of an undisturbed run; unless ``every``, those at what writes and at COMMIT.

        A connection that is cut before a request ends as after the one before: of these, only lost answers.
        """
        with self.server.database(self.template) as database, Proxy(database.dsn) as proxy:
            ran = self.forge.run(*self.crash.command, *self.at(proxy.dsn))
            assert ran.code == 0, ran.text
            wanted = [each for each in proxy.requests if each.sql and (every or WRITES.match(each.sql))]
        points = [
            Point(request, occurrence, when)
            for request, occurrence in numbered(wanted)
            for when in ((When.BEFORE, When.AFTER) if when_matters(request) else (When.BEFORE,))
        ]
        return [point for point in points if every or self.crash.kills or point.when is When.AFTER]

    def end(self) -> tuple[str, str]:
        """How the database looks when nothing is in the way: the command, and then what follows."""
        with self.server.database(self.template) as database:
            for arguments in (self.crash.command, self.crash.then):
                printed = zdmigrate(*arguments, *self.at(database.dsn))
                assert printed.code == 0, printed.text
            return look(database)

    def try_all(self, points: Sequence[Point]) -> Tally:
        tally, end = Tally(), self.end()
        for point in points:
            with self.server.database(self.template) as database:
                (tally.tried if self._try(database, point, end) else tally.missed).append(str(point))
        return tally

    def _try(self, database: Database, point: Point, end: tuple[str, str]) -> bool:
        started: Future[Runner] = Future()
        end_it = kill(lambda: started.result(30).known_pid()) if self.crash.kills else lambda: None
        with Proxy(database.dsn, point, end_it) as proxy:
            runner = self.forge.start(*self.crash.command, *self.at(proxy.dsn))
            started.set_result(runner)
            code = runner.wait()
        assert code in ((0, -9) if self.crash.kills else RAN), f"{point}: {code}\n{runner.text}"
        assert "Traceback" not in runner.text, f"{point}\n{runner.text}"
        the_app_goes_on(database, self.crash.alive, str(point))
        printed = zdmigrate(*self.crash.then, *self.at(database.dsn))
        assert printed.code == 0, f"{point}: {printed.code}\n{runner.text}\n{printed.text}"
        schema, ledger = look(database)
        assert schema == end[0], f"{point}: another end"
        assert not self.crash.looks_at_ledger or ledger == end[1], f"{point}: another ledger\n{ledger}\n{end[1]}"
        return proxy.reached

    def at(self, dsn: str) -> tuple[str, ...]:
        return ("--dsn", dsn, "--dir", str(self.crash.folder))


def when_matters(request: Request) -> bool:
    """Inside of a transaction, after one request is before the next. What stands by itself has an after."""
    return bool(re.match(r"\s*(COMMIT|CREATE INDEX|DROP INDEX|INSERT INTO zdmigrate.lease)", request.sql))


def numbered(requests: Sequence[Request]) -> Iterator[tuple[Request, int]]:
    """Each request with how often it was made before."""
    seen: dict[Request, count[int]] = {}
    for request in requests:
        yield request, next(seen.setdefault(request, count()))


def look(database: Database) -> tuple[str, str]:
    with database.connect() as connection:
        return picture(connection), ledger_of(connection)


def the_app_goes_on(database: Database, version: Version, point: str) -> None:
    """Whatever a runner left, the version that is live reads and writes, and finds what it wrote."""
    with database.connect(options="-c statement_timeout=20s") as app:
        app.execute(version.update.encode(), ["written", 1])
        assert app.execute(version.read.encode(), [1]).fetchone() == ("written",), point
        app.execute("BEGIN")
        app.execute(version.insert.encode(), ["somebody@example.com", "new"])
        app.execute("ROLLBACK")
