"""What holds at every moment of an episode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.recipes.bench import difference
from tests.recipes.dump import dumped, ordered
from tests.run.command import zdmigrate
from tests.stories.harness import BUDGET
from zdmigrate.ledger.states import State, may_follow

if TYPE_CHECKING:
    from tests.simulate.subject import Subject
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
        states = self.the_ledger_tells_the_truth()
        for subject in self.world.subjects:
            if states.get(subject.change) == State.EXPANDED:
                self.both_sides_agree(subject)

    def no_query_failed(self) -> None:
        for app in self.world.apps.values():
            hold(not app.failures, f"a query of the app failed: {''.join(app.failures[:1])}")

    def no_wait_was_too_long(self) -> None:
        longest = self.world.witness.longest
        hold(longest.seconds < (FROZEN if self.froze else BUDGET), f"a query waited too long: {longest}")

    def both_sides_agree(self, subject: Subject) -> None:
        """Each copied column is its old one, in every row, in one snapshot."""
        for shared in subject.tables:
            for number in shared.common:
                assert shared.after is not None
                old, new = shared.before.columns[number], shared.after.columns[number]
                if old.name != new.name:
                    differ = f"(ROW(CAST({old.name} AS {new.type}))::record) *<> (ROW({new.name})::record)"
                    query = f"SELECT count(*) FROM {shared.before.name} WHERE {differ}"
                    [(count,)] = self.world.database.execute(query.replace("%%", "%"))
                    hold(count == 0, f"{count} rows of {shared.before.name}: {old.name} is not {new.name}")

    # ------------------------------------------------------------------------------------ the ledger

    def the_ledger_tells_the_truth(self) -> dict[str, State]:
        """Its states follow each other, its record agrees with its tables, and status shows them."""
        world = self.world
        found = world.database.execute("SELECT id, state FROM zdmigrate.change")
        states = {change: State(state) for change, state in found}
        for change, state in states.items():
            self._record_is_a_way_to(change, state)
            self._steps_are_those_of(change, state)
        printed = zdmigrate("status", "--format", "json", "--dsn", world.database.dsn, "--dir", str(world.folder))
        hold(printed.code == 0, f"status gave {printed.code}: {printed.text}")
        shown = {each["change"]: each["state"] for each in json.loads(printed.out)["changes"] if each["state"]}
        hold(shown == states, f"status shows {shown}, the ledger has {states}")
        return states

    def _record_is_a_way_to(self, change: str, state: State) -> None:
        query = "SELECT action FROM zdmigrate.event WHERE change = %s AND action = ANY (%s) ORDER BY id"
        now: State | None = None
        for (action,) in self.world.database.execute(query, change, [each.value for each in State]):
            hold(may_follow(now, State(action)), f"the record of {change} says {action} after {now}")
            now = State(action)
        hold(now == state, f"the record ends with {now}, the change is {state}")

    def _steps_are_those_of(self, change: str, state: State) -> None:
        """No step is begun twice, none follows one that is not done, and no expanded change has one pending."""
        rows = self._steps(change)
        for phase in ("expand", "contract", "revert"):
            states = [each for name, _, each in rows if name == phase]
            positions = [position for name, position, _ in rows if name == phase]
            hold(positions == list(range(len(positions))), f"steps {positions} of {phase} {change} were begun")
            hold("started" not in states[:-1], f"a step of {phase} {change} follows one that is not done: {states}")
        query = "SELECT count(*) FROM zdmigrate.pending WHERE change = %s"
        [(pending,)] = self.world.database.execute(query, change)
        hold(not (state == State.EXPANDED and pending), f"{change} is expanded, and {pending} steps are pending")

    def _steps(self, change: str) -> list[tuple[str, int, str]]:
        query = "SELECT phase, position, state FROM zdmigrate.step WHERE change = %s ORDER BY 1, 2"
        return [(phase, position, state) for phase, position, state in self.world.database.execute(query, change)]

    def the_schema_is_what_the_steps_left(self) -> None:
        """A twin on which a person runs the steps that the ledger calls done looks the same."""
        rows = {subject: self._steps(subject.change) for subject in self.world.subjects}
        every = [each for those in rows.values() for each in those]
        if any(state == "started" or phase == "revert" for phase, _, state in every):
            return  # what became of it is for the next run to find out
        twin = self.world.clone()
        with twin.connect() as connection:
            for subject, done in rows.items():
                for phase in ("expand", "contract"):
                    file, count = self.world.file(subject), sum(name == phase for name, _, _ in done)
                    for step in subject.steps(file, phase)[:count] if count else ():
                        for statement in step:
                            connection.execute(statement.encode())
        differs = difference(ordered(dumped(twin)), ordered(dumped(self.world.database)))
        hold(not differs, f"after {[f'{phase} {at}' for phase, at, _ in every]} the schema is another:\n{differs}")
