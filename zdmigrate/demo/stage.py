"""Everything that runs while the story is told: the server, the shop, both versions, and those who look on."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zdmigrate.config import Config
from zdmigrate.demo.agreement import Agreement
from zdmigrate.demo.comparison import lost_writes, read_rows
from zdmigrate.demo.figures import Figures, VersionFigures
from zdmigrate.demo.fleet import Fleet
from zdmigrate.demo.lock_waits import LockWaits
from zdmigrate.demo.report_reader import ReportReader
from zdmigrate.demo.shop import DATABASE, LOG_SETTINGS, ROLE, Users, build_shop, open_shop
from zdmigrate.demo.versions import V1, V2
from zdmigrate.demo.worker import SLOTS
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server

if TYPE_CHECKING:
    from contextlib import ExitStack

    from zdmigrate.demo.lock_waits import Waits


class Stage:
    """Set up when made; ``running`` ends all of it, what began last first."""

    def __init__(self, count: int, running: ExitStack) -> None:
        self.users = Users(count)
        self.running = running
        self.folder = Path(running.enter_context(TemporaryDirectory(prefix="zdmigrate-demo-")))
        self.server = running.enter_context(Server.start(find(), settings=LOG_SETTINGS))
        build_shop(self.server.dsn())
        self.dsn = self.server.dsn(DATABASE)
        open_shop(self.dsn, self.users)
        self.began = time.monotonic()
        self.waits, self.agreement = LockWaits(self.dsn), Agreement(self.dsn)
        app_dsn = self.server.dsn(DATABASE, user=ROLE)
        self.v1 = Fleet(app_dsn, V1, self.users, first_slot=0)
        self.v2 = Fleet(app_dsn, V2, self.users, first_slot=SLOTS // 2)

    def look_on(self) -> None:
        """Begin to watch the locks and the names."""
        for observer in (self.waits, self.agreement):
            self.running.callback(observer.stop)
            observer.start()

    def let_run(self, fleet: Fleet) -> None:
        self.running.callback(fleet.drain)
        fleet.start()

    def read_for_long(self, seconds: float) -> None:
        """A report whose transaction stays open until a runner has been there for so long."""
        reader = ReportReader(self.dsn, seconds)
        self.running.callback(reader.stop)
        reader.start()

    def state(self) -> str:
        """One line on how it goes at this moment."""
        ran = ", ".join(
            f"{fleet.version.name} {fleet.queries:,} queries" for fleet in (self.v1, self.v2) if fleet.queries
        )
        failed = len(self.v1.failures) + len(self.v2.failures)
        longest = self.waits.so_far(self.server.log())
        return f"{ran}; {failed} failed; longest lock wait {longest * 1000:.1f} ms"

    def figures(self) -> Figures:
        """Stop everybody but the server, and compare."""
        for fleet in (self.v1, self.v2):
            fleet.drain()
        self.waits.stop()
        self.agreement.stop()
        seconds = time.monotonic() - self.began
        waits = self.waits.verdict(self.server.log())
        rows = read_rows(self.dsn, V2)
        return Figures(
            versions={fleet.version.name: version_figures(fleet, waits) for fleet in (self.v1, self.v2)},
            lock_budget=Config().lock_budget.seconds,
            looks=waits.looks,
            widest_gap=waits.widest_gap,
            checks=self.agreement.verdict(),
            disagreed=self.agreement.disagreed,
            rows=len(rows),
            lost=lost_writes(rows, self.users, [*self.v1.records, *self.v2.records]),
            seconds=seconds,
        )


def version_figures(fleet: Fleet, waits: Waits) -> VersionFigures:
    return VersionFigures(
        queries=fleet.queries,
        writes=fleet.writes,
        failures=fleet.failures,
        longest_wait=waits.longest_of(f"shop {fleet.version.name}"),
    )
