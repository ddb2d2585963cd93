"""One episode: a change from its expand to its contract or back, with everything in between that its script has."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.recipes.bench import same_rows, same_schema
from tests.recipes.life import has_revert
from tests.recipes.writers import NEW
from tests.simulate.blockers import InTheWay
from tests.simulate.invariants import Broken, Invariants, hold
from tests.simulate.trip import Trip
from tests.stories.runners import Forge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.servers.database import RunningServer
    from tests.simulate.drawn import Attempt, Script
    from tests.simulate.sturdy import SturdyApp
    from tests.simulate.world import World
    from tests.stories.runners import Runner
    from zdmigrate.embedded.server import Server

QUICK = {"STALE": 2.0, "RENEWAL": 0.3}  # seconds: who has not renewed for two counts as stopped
ENDS = {0, 3, 4, 5, 130, -signal.SIGKILL, 2}  # 2: a server that restarts does not answer
TRIES = 12  # of a command that nothing disturbs any more
EXPAND = ("apply", "--phase", "expand")
CONTRACT = ("apply", "--phase", "contract", "--rollback-window", "1ms")


class Episode:
    """``told`` is the list of what was done, for whoever replays it."""

    def __init__(self, server: Server, running: RunningServer, world: World, script: Script) -> None:
        self.server, self.running, self.world, self.script = server, running, world, script
        self.invariants = Invariants(world)
        self.told: list[str] = []
        self.newest = 2  # what the new version is called: v2, unless it came again after a revert

    def run(self) -> None:
        with ExitStack() as held:
            self.forge, self.rivals = (held.enter_context(Forge(self.world.folder.parent)) for _ in range(2))
            held.enter_context(self.world.witness)
            self._run()
        self.invariants.no_wait_was_too_long()

    def _run(self) -> None:
        world, script = self.world, self.script
        self._succeeds("init", "--release", "v1")
        self._joins("v1", world.old)
        self._phase(script.expand, *EXPAND, *self._release())
        self._joins("v2", world.new)
        self.invariants.check()
        if script.early:
            self._refused("the old version lives")
        if script.ends != "contract" and has_revert(world.file):
            self._reverts()
            if script.ends == "revert":
                return self._ends("revert")
            self._comes_again()
        self._old_version_goes()
        self._phase(script.contract, *CONTRACT, *self._release(1))
        return self._ends("contract")

    # --------------------------------------------------------------------------------- the deploy

    def _release(self, later: int = 0) -> tuple[str, str]:
        """The new version's release, or the one after it, which contracts."""
        return ("--release", f"v{self.newest + later}")

    def _joins(self, version: str, app: SturdyApp) -> None:
        self._note(f"{version} joins")
        beat = self.world.beat(version).start()
        hold(beat.wait(10) == "ok", f"{version} is answered {beat.status}: {beat.error}")
        app.start().works_on()

    def _reverts(self) -> None:
        world = self.world
        self._note("the new version goes")
        world.new.stop()
        world.beats[f"v{self.newest}"].stop()
        self._phase(self.script.revert, "revert", world.change)

    def _comes_again(self) -> None:
        """The same code in a release of another name; its keys go on from those of the first."""
        self.newest += 2
        self._phase((), *EXPAND, *self._release(), "--again")
        before, self.world.new = self.world.new, self.world.app(NEW)
        self.world.new.journal, self.world.new.outages = before.journal, before.outages
        self._joins(f"v{self.newest}", self.world.new)

    def _old_version_goes(self) -> None:
        world = self.world
        self._note("the old version goes" + (" without a word" if self.script.silent else ""))
        world.old.stop()
        world.beats["v1"].stop(goodbye=not self.script.silent)
        if self.script.silent:
            self._refused("the old version is lost")
            time.sleep(1.2)
            self._succeeds("live", "retire", "v1", "--reason", "its host burned down", "--heartbeat-ttl", "1s")

    def _ends(self, end: str) -> None:
        world = self.world
        app = world.new if end == "contract" else world.old
        app.works_on()
        app.stop()
        app.writes_last()
        self.invariants.check()
        if end == "contract" and self._contracts:
            answer = world.database.execute("SELECT zdmigrate.beat('app', 'v1', 'v1-1')")
            hold(answer == [("retired",)], f"a beat of the old version is answered {answer}")
        wanted = world.wanted(end)
        same_schema(world.database, wanted)
        same_rows(world.database, wanted)

    # --------------------------------------------------------------------------------- runs

    def _phase(self, attempts: Sequence[Attempt], *command: str) -> None:
        """Attempts that may end anyhow; then the same command, until it is done."""
        for attempt in attempts:
            self._attempt(attempt, command)
            self.invariants.check()
            self.invariants.the_schema_is_what_the_steps_left()
        self._succeeds(*command)
        self.invariants.check()

    def _succeeds(self, *command: str) -> None:
        """Nothing disturbs it; a lease that a killed runner held may have to run out first."""
        for _ in range(TRIES):
            runner = self._ended(self._start(self.forge, command, self.world.database.dsn))
            self._note(f"{' '.join(command)}: {runner.code}")
            if runner.code == 0:
                return
            if runner.code not in (4, 5):
                break
            time.sleep(0.3)
        raise Broken(f"zdmigrate {' '.join(command)} does not come to an end: {runner.code}\n{runner.text}")

    def _refused(self, why: str) -> None:
        """The gate is shut, and nothing is contracted."""
        runner = self._ended(self._start(self.forge, (*CONTRACT, *self._release(1)), self.world.database.dsn))
        self._note(f"contract too early, since {why}: {runner.code}")
        hold(runner.code == (3 if self._contracts else 0), f"{why}, and the gate gave {runner.code}\n{runner.text}")
        [(state,)] = self.world.database.execute("SELECT state FROM zdmigrate.change")
        hold(state == "expanded", f"{why}, and the change is {state}")

    @property
    def _contracts(self) -> bool:
        """Else the change has nothing that a gate would stand before."""
        return "-- zdmigrate: contract" in self.world.file.read_text()

    def _attempt(self, attempt: Attempt, command: Sequence[str]) -> None:
        stop = threading.Event()
        blockers = self._blockers(attempt, stop)
        with Trip(self.world.database.dsn, attempt) as trip:
            runner = self._start(self.forge, (*command, "--lock-deadline", attempt.deadline), trip.dsn)
            trip.begins(runner)
            while not runner.ended.wait(0.01):
                if trip.tripped.is_set():
                    trip.tripped.clear()
                    self._happens(attempt, runner, command)
            self._ended(runner)
        stop.set()
        for blocker in blockers:
            blocker.join(60)
        met = f", at {trip.met!r}" if trip.met else ", never met" if attempt.fault != "none" else ""
        self._note(f"{' '.join(command)}: {attempt}{met}: {runner.code}")

    def _blockers(self, attempt: Attempt, stop: threading.Event) -> list[InTheWay]:
        table = self.world.case.table
        relation = table.sql if "." in table.sql else f"public.{table.sql}"
        blockers = [
            InTheWay(self.world.database, relation, table.columns[0].sql, each, stop) for each in attempt.blockers
        ]
        for each in blockers:
            each.start()
        return blockers

    def _happens(self, attempt: Attempt, runner: Runner, command: Sequence[str]) -> None:
        """What is not done to the runner alone."""
        if attempt.fault == "stop":
            self.invariants.froze = True
            rival = self._start(self.rivals, command, self.world.database.dsn)
            time.sleep(attempt.wakes_after)
            os.kill(runner.pid, signal.SIGCONT)
            self._note(f"a rival of the stopped runner: {self._ended(rival).code}")
        if attempt.fault == "rival":
            rival = self._ended(self._start(self.rivals, command, self.world.database.dsn))
            self._note(f"a rival: {rival.code}")
        if attempt.fault in ("restart", "crash"):
            self._outage(self.server.restart if attempt.fault == "restart" else self._crash)

    def _crash(self) -> None:
        self.server.crash()
        self.server.restart()

    def _outage(self, restart: Callable[[], None]) -> None:
        for each in (self.world.old, self.world.new, self.world.witness):
            each.outages += 1
        restart()

    def _start(self, forge: Forge, command: Sequence[str], dsn: str) -> Runner:
        where = ("--dsn", dsn, "--dir", str(self.world.folder))
        return forge.start(*command, *where, lease=QUICK)

    def _ended(self, runner: Runner) -> Runner:
        code = runner.wait(90)
        hold(code in ENDS, f"a runner ended with {code}\n{runner.text}")
        hold("a bug in zdmigrate" not in runner.text, runner.text)
        return runner

    def _note(self, what: str) -> None:
        self.told.append(what)
