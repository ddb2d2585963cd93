"""Episodes one after another, until the time is over; each from its number and the seed alone."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from tests.servers.choose import SETTINGS
from tests.servers.database import RunningServer
from tests.servers.standby import standby_of
from tests.simulate.drawn import cases, script
from tests.simulate.episode import Episode
from tests.simulate.runs import Runs
from tests.simulate.subject import NotToBeTried
from tests.simulate.world import World
from tests.stories.runners import Forge
from zdmigrate.embedded.locate import find
from zdmigrate.embedded.server import Server
from zdmigrate.recipes.parts import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.recipes.generated.migrations import Generated
    from tests.simulate.drawn import Script

# Workers that never rest, and take their time: one is at some table at any moment.
AUTOVACUUM = {
    "autovacuum": "on", "autovacuum_naptime": "1s", "autovacuum_vacuum_threshold": "20",
    "autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_cost_delay": "50ms", "autovacuum_vacuum_cost_limit": "5",
}  # fmt: skip


@dataclass
class Tally:
    """What became of the episodes."""

    held: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    queries: int = 0

    def __str__(self) -> str:
        kinds, faults = (", ".join(f"{k} {n}" for k, n in sorted(c.items())) for c in (self.kinds, self.faults))
        return (
            f"{self.held} episodes held, {len(self.failed)} failed, {self.left_out.total()} were not to be tried; "
            f"{self.queries} queries of apps, invariants looked at {self.checks} times\n{kinds}\n{faults}"
        )

    def counts(self, runs: Runs, drawn: Sequence[Generated], plan: Script) -> None:
        """An episode that held."""
        self.held += 1
        self.kinds.update(each.migration.kind for each in drawn)
        self.faults.update(attempt.fault for part in (plan.expand, plan.revert, plan.contract) for attempt in part)
        self.checks += runs.invariants.checked
        self.queries += sum(app.queries for app in runs.world.apps.values())


def campaign(seed: int, seconds: float, numbers: Iterable[int] | None = None, *, verbose: bool = False) -> Tally:
    """Print each failure as it comes, with what was done, and how to see it again."""
    for name in registry.names():  # now: a long run is not to meet what is edited meanwhile
        registry.load(name)
    tally, until = Tally(), time.monotonic() + seconds
    with Server.start(find(), settings={**SETTINGS, **AUTOVACUUM}) as server, standby_of(server) as standby:
        for number in count(1) if numbers is None else numbers:
            if numbers is None and time.monotonic() > until:
                break
            one(server, standby.dsn(), f"{seed} {number}", tally, verbose=verbose)
    return tally


def one(server: Server, standby: str, name: str, tally: Tally, *, verbose: bool) -> None:
    seed, number = name.split()
    plan = script(name)
    drawn = cases(name, plan.changes)
    began, runs = time.monotonic(), None
    try:
        with ExitStack() as held:
            world = held.enter_context(World(RunningServer(server.dsn(), server.major), drawn, plan.rows, standby))
            forges = (held.enter_context(Forge(world.folder.parent)), held.enter_context(Forge(world.folder.parent)))
            runs = Runs(server, world, forges, plan.workers)
            Episode(runs, world, plan).run()
    except NotToBeTried as reason:
        tally.left_out[str(reason)] += 1
        return
    except Exception:  # noqa: BLE001 - whatever it is, it is told with what led to it
        told = "\n".join(f"  {line}" for line in (runs.told if runs else []))
        tally.failed.append(name)
        print(
            f"FAILED: python -m tests.simulate --seed {seed} --episode {number}", *drawn, plan, told,
            traceback.format_exc(), sep="\n", flush=True,
        )  # fmt: skip
        return
    tally.counts(runs, drawn, plan)
    if verbose:
        kinds = " and ".join(each.migration.kind for each in drawn)
        print(f"episode {number}: {kinds}, {time.monotonic() - began:.1f} s", *runs.told, sep="\n  ", flush=True)
