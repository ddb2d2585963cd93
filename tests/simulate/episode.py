"""One episode: changes from their expand to their contract or back, with everything in between that the script has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.recipes.bench import same_rows, same_schema
from tests.recipes.life import has_revert
from tests.simulate.invariants import hold
from zdmigrate.ledger.states import State

if TYPE_CHECKING:
    from tests.simulate.drawn import Script
    from tests.simulate.runs import Runs
    from tests.simulate.sturdy import SturdyApp
    from tests.simulate.subject import Subject
    from tests.simulate.world import World

CONTRACT = ("apply", "--phase", "contract", "--rollback-window", "1ms")


class Episode:
    """One change, between an old and a new version of the app; or two, and three versions that live at once."""

    def __init__(self, runs: Runs, world: World, script: Script) -> None:
        self.runs, self.world, self.script = runs, world, script

    def run(self) -> None:
        with self.world.witness:
            self.runs.done("init", "--release", "v1")
            self._joins("v1", self.world.app("v1", 0))
            if len(self.world.subjects) == 1:
                self._of_one(*self.world.subjects)
            else:
                self._of_two(*self.world.subjects)
        self.runs.invariants.no_wait_was_too_long()

    def _of_one(self, subject: Subject) -> None:
        newest = "v2"
        self._expands(subject, newest)
        self._joins(newest, self.world.app(newest, 1))
        self.runs.invariants.check()
        if self.script.early:
            self._refused("v3", "the old version lives")
        if self.script.ends != "contract" and has_revert(self.world.file(subject)):
            self._goes(newest)
            self.runs.phase(subject, self.script.revert, "revert", subject.change)
            if self.script.ends == "revert":
                return self._ends("v1", "revert")
            newest = self._comes_again(subject)
        self._old_version_goes("v3" if newest == "v2" else "v5", subject)
        self.runs.phase(subject, self.script.contract, *CONTRACT, "--release", "v3" if newest == "v2" else "v5")
        return self._ends(newest, "contract")

    def _of_two(self, first: Subject, second: Subject) -> None:
        for number, subject in enumerate((first, second), 2):
            self._expands(subject, f"v{number}")
            self._joins(f"v{number}", self.world.app(f"v{number}", number - 1))
        self.runs.invariants.check()
        if self.script.early:
            self._refused("v4", "the old versions live")
        self._old_version_goes("v4", first)
        if self.script.ends == "contract":  # else both at once, when the second may go as well
            self.runs.phase(first, self.script.contract, *CONTRACT, "--release", "v4", "--if-open")
            self._is(first, State.CONTRACTED if first.contracts else State.EXPANDED)
            self._is(second, State.EXPANDED)
        self._goes("v2", second)
        self.runs.phase(second, self.script.revert, *CONTRACT, "--release", "v4")
        self._ends("v3", "contract")

    # --------------------------------------------------------------------------------- the deploy

    def _expands(self, subject: Subject, release: str) -> None:
        self.world.publish(subject)
        self.runs.note(f"{subject.change} is in the folder")
        expand = ("apply", "--phase", "expand", "--release", release)
        if self.script.apart:
            self.runs.phase(subject, self.script.expand[1:], *expand, "--no-backfill")
            self.runs.phase(subject, self.script.expand[:1], "apply", "--phase", "backfill")
        else:
            self.runs.phase(subject, self.script.expand, *expand)
        self._is(subject, State.EXPANDED)

    def _joins(self, version: str, app: SturdyApp) -> None:
        self.runs.note(f"{version} joins")
        beat = self.world.beat(version).start()
        hold(beat.wait(10) == "ok", f"{version} is answered {beat.status}: {beat.error}")
        app.start()
        app.works_on()

    def _goes(self, version: str, settled: Subject | None = None, *, silently: bool = False) -> None:
        """Nobody else writes what only versions as old as this know of ``settled``: it becomes known."""
        self.runs.note(f"{version} goes" + (" without a word" if silently else ""))
        self.world.apps[version].stop()
        self.world.beats[version].stop(goodbye=not silently)
        if settled is not None:
            self.world.apps[version].settles({shared.before.name for shared in settled.tables})

    def _old_version_goes(self, later: str, settled: Subject) -> None:
        self._goes("v1", settled, silently=self.script.silent)
        if self.script.silent:
            self._refused(later, "the old version is lost")
            time.sleep(1.2)
            self.runs.done("live", "retire", "v1", "--reason", "its host burned down", "--heartbeat-ttl", "1s")

    def _comes_again(self, subject: Subject) -> str:
        """The same code in a release of another name; its keys go on from those of the first."""
        self.runs.phase(subject, (), "apply", "--phase", "expand", "--release", "v4", "--again")
        app = self.world.app("v4", 1)
        app.journal = self.world.apps.pop("v2").journal
        self._joins("v4", app)
        return "v4"

    def _refused(self, release: str, why: str) -> None:
        """The gate is shut, and nothing is contracted."""
        runner = self.runs.once(*CONTRACT, "--release", release)
        wanted = 3 if any(subject.contracts for subject in self.world.subjects) else 0
        hold(runner.code == wanted, f"{why}, and the gate gave {runner.code}\n{runner.text}")
        for subject in self.world.subjects:
            self._is(subject, State.EXPANDED)

    def _is(self, subject: Subject, wanted: State) -> None:
        [(state,)] = self.world.database.execute("SELECT state FROM zdmigrate.change WHERE id = %s", subject.change)
        hold(state == wanted, f"{subject.change} is {state}, and not {wanted}")

    def _ends(self, version: str, end: str) -> None:
        world, app = self.world, self.world.apps[version]
        app.works_on()
        app.stop()
        app.writes_last()
        self.runs.invariants.check()
        if end == "contract" and world.subjects[0].contracts:
            answer = world.database.execute("SELECT zdmigrate.beat('app', 'v1', 'v1-1')")
            hold(answer == [("retired",)], f"a beat of the old version is answered {answer}")
        wanted = world.wanted(end)
        same_schema(world.database, wanted)
        same_rows(world.database, wanted)
