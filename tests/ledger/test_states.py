"""Every pair of states, and what every command answers in every state."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.run.project import Project
from zdmigrate.errors import UsageError
from zdmigrate.ledger.changes import move, read_change
from zdmigrate.ledger.ledger import create_ledger
from zdmigrate.ledger.states import TRANSITIONS, State, may_follow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

STATES: tuple[State | None, ...] = (None, *State)
ALLOWED = {
    (None, State.EXPANDING),
    (State.EXPANDING, State.EXPANDED),
    (State.EXPANDING, State.REVERTING),
    (State.EXPANDED, State.CONTRACTING),
    (State.EXPANDED, State.REVERTING),
    (State.CONTRACTING, State.CONTRACTED),
    (State.REVERTING, State.REVERTED),
    (State.REVERTED, State.EXPANDING),
}
FILE = (
    "-- zdmigrate: expand\nCREATE TABLE made (id int);\n"
    "-- zdmigrate: contract\nDROP TABLE old;\n"
    "-- zdmigrate: revert\nDROP TABLE IF EXISTS made;\n"
)
COMMANDS = {
    "expand": ("apply", "--phase", "expand", "--release", "v2"),
    "backfill": ("apply", "--phase", "backfill"),
    "contract": ("apply", "--phase", "contract", "--release", "v3", "--force", "--reason", "a test"),
    "all": ("apply", "--phase", "all"),
    "revert": ("revert", "001_made"),
    "plan": ("plan", "--phase", "all"),
    "status": ("status",),
    "ready": ("ready", "--release", "v2"),
}
# What a command answers, where it is not 0; each 2 or 3 names the state or the next command.
ANSWERS = {
    ("revert", State.CONTRACTING): 2,
    ("revert", State.CONTRACTED): 2,
    ("ready", None): 1,
    ("ready", State.EXPANDING): 1,
    ("ready", State.REVERTING): 1,
    ("ready", State.REVERTED): 1,
}


def test_the_table_of_transitions_holds_these_and_no_others() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert {(before, after) for before, afters in TRANSITIONS.items() for after in afters} == ALLOWED


@pytest.mark.parametrize(("before", "after"), list(product(STATES, State)))
def test_a_state_follows_another_if_the_table_says_so_or_it_is_the_same(before: State | None, after: State) -> None:
    assert may_follow(before, after) == ((before, after) in ALLOWED or before == after)


@pytest.fixture
def ledger(database: Database) -> Database:
    with database.connect() as connection:
        create_ledger(connection)
    return database


def test_moves_are_recorded_and_forbidden_ones_change_nothing(ledger: Database) -> None:
    with ledger.connect() as connection:
        for number, (before, after) in enumerate(product(STATES, State)):
            change = f"c{number}"
            if before is not None:
                connection.execute(
                    "INSERT INTO zdmigrate.change (app, id, state) VALUES ('app', %s, %s)", [change, before.value]
                )
            if may_follow(before, after):
                move(connection, "app", change, after)
                row = read_change(connection, "app", change)
                assert row is not None
                assert row.state == after
            else:
                with pytest.raises(UsageError, match="cannot become"):
                    move(connection, "app", change, after)
                row = read_change(connection, "app", change)
                assert (row.state if row else None) == before
        [(recorded,)] = connection.execute(
            "SELECT count(*) FROM zdmigrate.event WHERE action NOT IN ('init', 'resumed')"
        ).fetchall()
        assert recorded == len(ALLOWED)


@pytest.mark.parametrize(("command", "state"), list(product(COMMANDS, STATES)))
def test_every_command_has_an_answer_in_every_state(
    command: str, state: State | None, ledger: Database, tmp_path: Path
) -> None:
    project = Project(ledger, tmp_path, ledger.dsn)
    ledger.execute("CREATE TABLE old (id int)")
    project.write("001_made.sql", FILE)
    project.done("release", "add", "v2")
    if state is not None:
        ledger.execute(
            "INSERT INTO zdmigrate.change (app, id, state, bound_to) VALUES ('app', '001_made', %s, 'v2')", state.value
        )
    printed = project.run(*COMMANDS[command])
    assert printed.code == ANSWERS.get((command, state), 0), printed.text
    if printed.code == 2:
        assert "next: " in printed.err
    if state is State.REVERTING and command in ("expand", "all"):
        assert "zdmigrate revert 001_made" in printed.text, "what was begun has to be ended, and nobody else says how"
