"""What holds at every moment of an episode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.recipes.bench import difference
from tests.recipes.dump import dumped, ordered
from tests.run.command import zdmigrate
from tests.stories.harness import BUDGET
from zdmigrate.ledger.states import State, may_follow
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from tests.simulate.world import World

FROZEN = 1.2  # seconds: a runner that stands still with a lock is made to let go of it after one, says docs/running.md


class Broken(AssertionError):
    """An invariant does not hold."""


def hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise Broken(sentence)


class Invariants:
    def __init__(self, world: World) -> None:
        self.world = world
        self.checked = 0
        self.froze = False  # whether a runner was ever stopped: its locks are another's to take away

    def check(self) -> None:
        self.checked += 1
        self.no_query_failed()
        self.no_wait_was_too_long()
        state = self.the_ledger_tells_the_truth()
        if state == State.EXPANDED:
            self.both_sides_agree()

    def no_query_failed(self) -> None:
        for app in (self.world.old, self.world.new):
            hold(not app.failures, f"a query of the app failed: {''.join(app.failures[:1])}")

    def no_wait_was_too_long(self) -> None:
        longest = self.world.witness.longest
        hold(longest.seconds < (FROZEN if self.froze else BUDGET), f"a query waited too long: {longest}")

    def both_sides_agree(self) -> None:
        """Each copied column is its old one, in every row, in one snapshot."""
        world = self.world
        for shared in world.tables:
            for number in shared.common:
                assert shared.after is not None
                old, new = shared.before.columns[number], shared.after.columns[number]
                if old.name != new.name:
                    differ = f"(ROW(CAST({old.name} AS {new.type}))::record) *<> (ROW({new.name})::record)"
                    query = f"SELECT count(*) FROM {shared.before.name} WHERE {differ}"
                    [(count,)] = world.database.execute(query.replace("%%", "%"))
                    hold(count == 0, f"{count} rows of {shared.before.name}: {old.name} is not {new.name}")

    # ------------------------------------------------------------------------------------ the ledger

    def the_ledger_tells_the_truth(self) -> State | None:
        """Its states follow each other, its record agrees with its tables, and status shows them."""
        world = self.world
        found = world.database.execute("SELECT state FROM zdmigrate.change WHERE id = %s", world.change)
        state = State(found[0][0]) if found else None
        self._record_is_a_way_to(state)
        self._steps_are_those_of(state)
        printed = zdmigrate("status", "--format", "json", "--dsn", world.database.dsn, "--dir", str(world.folder))
        hold(printed.code == 0, f"status gave {printed.code}: {printed.text}")
        [shown] = json.loads(printed.out)["changes"]
        hold(shown["state"] == state, f"status shows {shown['state']}, the ledger has {state}")
        return state

    def _record_is_a_way_to(self, state: State | None) -> None:
        query = "SELECT action FROM zdmigrate.event WHERE change = %s AND action = ANY (%s) ORDER BY id"
        actions = self.world.database.execute(query, self.world.change, [each.value for each in State])
        now: State | None = None
        for (action,) in actions:
            hold(may_follow(now, State(action)), f"the record says {action} after {now}")
            now = State(action)
        hold(now == state, f"the record ends with {now}, the change is {state}")

    def _steps_are_those_of(self, state: State | None) -> None:
        """No step is begun twice, none follows one that is not done, and no expanded change has one pending."""
        rows = self.world.database.execute(
            "SELECT phase, position, state FROM zdmigrate.step WHERE change = %s ORDER BY 1, 2", self.world.change
        )
        for phase in ("expand", "contract", "revert"):
            states = [each for name, _, each in rows if name == phase]
            positions = [position for name, position, _ in rows if name == phase]
            hold(positions == list(range(len(positions))), f"steps {positions} of {phase} were begun")
            hold("started" not in states[:-1], f"a step of {phase} follows one that is not done: {states}")
        [(pending,)] = self.world.database.execute(
            "SELECT count(*) FROM zdmigrate.pending WHERE change = %s", self.world.change
        )
        hold(not (state == State.EXPANDED and pending), f"the change is expanded, and {pending} steps are pending")

    def the_schema_is_what_the_steps_left(self) -> None:
        """A twin on which a person runs the steps that the ledger calls done looks the same."""
        world = self.world
        rows = world.database.execute(
            "SELECT phase, position, state FROM zdmigrate.step WHERE change = %s ORDER BY phase = 'contract', position",
            world.change,
        )
        if any(state == "started" or phase == "revert" for phase, _, state in rows):
            return  # what became of it is for the next run to find out
        twin = world.clone()
        with twin.connect() as connection:
            for phase in ("expand", "contract"):
                done = sum(name == phase for name, _, _ in rows)
                for step in steps(world, phase)[:done]:
                    for statement in step:
                        connection.execute(statement.encode())
        differs = difference(ordered(dumped(twin)), ordered(dumped(world.database)))
        hold(not differs, f"after {[f'{phase} {at}' for phase, at, _ in rows]} the schema is another:\n{differs}")


def steps(world: World, phase: str) -> list[list[str]]:
    """The statements of each step, as a person would cut them from the file."""
    sections = {"expand": ("expand", "backfill"), "contract": ("contract",)}[phase]
    found: list[list[str]] = []
    together = False
    for section in read_change(world.file).sections:
        for statement in section.statements if section.name in sections else ():
            if together:
                found[-1].append(statement.text)
            else:
                found.append([statement.text])
            together = (together or statement.kind == "transaction") and statement.text.lower() != "commit"
    return found
