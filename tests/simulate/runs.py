"""Commands of zdmigrate as processes: undisturbed until they are done, or with what an attempt has in store."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from tests.simulate.blockers import InTheWay
from tests.simulate.invariants import Broken, Invariants, hold
from tests.simulate.mending import mended
from tests.simulate.trip import Trip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulate.drawn import Attempt
    from tests.simulate.subject import Subject
    from tests.simulate.world import World
    from tests.stories.runners import Forge, Runner
    from zdmigrate.embedded.server import Server

QUICK = {"STALE": 2.0, "RENEWAL": 0.3}  # seconds: who has not renewed for two counts as stopped
LAG = {"ZDMIGRATE_BACKFILL_MAX_LAG": "500ms", "ZDMIGRATE_BACKFILL_MAX_LAG_BYTES": "64kB"}
ENDS = {0, 3, 4, 5, 130, -signal.SIGKILL, 2}  # 2: a server that restarts does not answer
TRIES = 12  # of a command that nothing disturbs any more


class Runs:
    """``told`` is the list of what was done, for whoever replays it."""

    def __init__(self, server: Server, world: World, forges: tuple[Forge, Forge], workers: int = 2) -> None:
        self.server, self.world = server, world
        self.environment = {"ZDMIGRATE_BACKFILL_WORKERS": str(workers), **LAG}
        self.forge, self.rivals = forges
        self.invariants = Invariants(world)
        self.told: list[str] = []

    def phase(self, subject: Subject, attempts: Sequence[Attempt], *command: str) -> None:
        """Attempts that may end anyhow; then the same command, until it is done."""
        for attempt in attempts:
            self._attempt(subject, attempt, command)
            self.invariants.check()
            self.invariants.the_schema_is_what_the_steps_left()
        self.done(*command)
        self.invariants.check()

    def done(self, *command: str) -> None:
        """Nothing disturbs it; a lease that a killed runner held may have to run out, and a person to mend, first."""
        now = command
        for _ in range(TRIES):
            runner = self.once(*now)
            better = mended(self.world, runner.code, runner.text, command)
            if runner.code == 0 and better is None:
                return
            if runner.code not in (4, 5) and better is None:
                break
            now = better or command
            time.sleep(0.3)
        raise Broken(f"zdmigrate {' '.join(command)} does not come to an end: {runner.code}\n{runner.text}")

    def once(self, *command: str) -> Runner:
        """One undisturbed run, however it ends."""
        runner = self._ended(self._start(self.forge, command, self.world.database.dsn))
        self.note(f"{' '.join(command)}: {runner.code}")
        return runner

    def note(self, what: str) -> None:
        self.told.append(what)

    def _attempt(self, subject: Subject, attempt: Attempt, command: Sequence[str]) -> None:
        stop = threading.Event()
        blockers = [InTheWay(self.world, subject, each, stop) for each in attempt.blockers]
        for each in blockers:
            each.start()
        with Trip(self.world.database.dsn, attempt) as trip:
            runner = self._start(self.forge, (*command, "--lock-deadline", attempt.deadline), trip.dsn)
            trip.begins(runner)
            while not runner.ended.wait(0.01):
                if trip.tripped.is_set():
                    trip.tripped.clear()
                    self._happens(attempt, runner, command)
            self._ended(runner)
        stop.set()
        for each in blockers:
            each.join(60)
        met = f", at {trip.met!r}" if trip.met else ", never met" if attempt.fault != "none" else ""
        self.note(f"{' '.join(command)}: {attempt}{met}: {runner.code}")

    def _happens(self, attempt: Attempt, runner: Runner, command: Sequence[str]) -> None:
        """What is not done to the runner alone."""
        if attempt.fault == "stop":
            self.invariants.froze = True
            rival = self._start(self.rivals, command, self.world.database.dsn)
            time.sleep(attempt.wakes_after)
            os.kill(runner.pid, signal.SIGCONT)
            self.note(f"a rival of the stopped runner: {self._ended(rival).code}")
        if attempt.fault == "rival":
            rival = self._ended(self._start(self.rivals, command, self.world.database.dsn))
            self.note(f"a rival: {rival.code}")
        if attempt.fault in ("restart", "crash"):
            self._outage(self.server.restart if attempt.fault == "restart" else self._crash)

    def _crash(self) -> None:
        self.server.crash()
        self.server.restart()

    def _outage(self, restart: Callable[[], None]) -> None:
        self.world.witness.outages += 1
        for app in self.world.apps.values():
            app.outages += 1
        restart()

    def _start(self, forge: Forge, command: Sequence[str], dsn: str) -> Runner:
        where = ("--dsn", dsn, "--dir", str(self.world.folder))
        return forge.start(*command, *where, environment=self.environment, lease=QUICK)

    def _ended(self, runner: Runner) -> Runner:
        code = runner.wait(90)
        hold(code in ENDS, f"a runner ended with {code}\n{runner.text}")
        hold("a bug in zdmigrate" not in runner.text, runner.text)
        return runner
