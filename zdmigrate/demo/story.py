"""The story in five acts: a column is renamed while two versions of an app read and write it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Event
from typing import TYPE_CHECKING

from zdmigrate.demo.commands import Commands, forget_libpq_variables
from zdmigrate.demo.figures import broken, how_measured, table
from zdmigrate.demo.fleet import APP
from zdmigrate.demo.shop import LOGGED_FROM, let_it_beat, text_of
from zdmigrate.demo.stage import Stage

if TYPE_CHECKING:
    from zdmigrate.demo.figures import Figures
    from zdmigrate.demo.screen import Screen

NAIVE, PHASED = "migrations/002_rename_name.sql", "migrations/002_full_name.sql"
REPORT = 3.0  # seconds: apply says whom it waits for after two
HELD, BROKEN = 0, 1  # exit codes
FOUND, NOT_YET = 1, 3  # what lint and a shut gate answer


def tell(screen: Screen, users: int, *, keep: bool = False) -> int:
    """The whole story; the exit code says whether the promise held."""
    with ExitStack() as running:
        screen.say(f"Starting a PostgreSQL 18, and filling a shop with {users:,} users …")
        forget_libpq_variables()
        stage = Stage(users, running)
        commands = Commands(screen, stage.folder)
        the_shop_is_open(screen, stage, commands)
        the_obvious_change(screen, commands)
        the_same_in_phases(screen, stage, commands)
        two_versions(screen, stage, commands)
        v1_leaves(screen, stage, commands)
        code = the_figures(screen, stage.figures())
        if keep:
            wait_for_interrupt(screen, stage.dsn)
        return code


def the_shop_is_open(screen: Screen, stage: Stage, commands: Commands) -> None:
    screen.act(1, "The shop is open")
    screen.say(
        f"PostgreSQL {stage.server.binaries.version} runs. Version v1 of the shop's app has two instances with "
        f"{len(stage.v1.workers)} connections, which read and write users.name all the while: selects, inserts, "
        "updates, deletes, upserts, transactions."
    )
    commands.write("zdmigrate.toml", f'app = "{APP}"\n')
    commands.write("migrations/001_shop.sql", text_of("shop.sql"))
    stage.look_on()
    stage.let_run(stage.v1)
    commands.export("ZDMIGRATE_DSN", stage.dsn)
    commands.run("init", "--release", "v1", "--baseline", "001_shop")
    let_it_beat(stage.dsn)
    stage.v1.beat()
    screen.blank()
    screen.say("Both instances beat from now on (zdmigrate.sdk.Heartbeat), so the ledger knows who is live.")
    screen.watch(1.0, time.sleep, stage.state)


def the_obvious_change(screen: Screen, commands: Commands) -> None:
    screen.act(2, "The obvious change")
    screen.say("users.name shall be called users.full_name, which is one line of SQL:")
    commands.show(NAIVE, text_of("naive.sql"))
    commands.run("lint", expect=FOUND)
    commands.remove(NAIVE)


def the_same_in_phases(screen: Screen, stage: Stage, commands: Commands) -> None:
    screen.act(3, "The same change, in phases")
    screen.say("The line is deleted, and this takes its place: first only add, and remove when nobody needs it.")
    commands.show(PHASED, text_of("full_name.sql"))
    commands.run("lint")
    screen.blank()
    screen.say(
        f"Now somebody's report reads users, and its transaction stays open until apply has tried for {REPORT:.0f} s. "
        "A plain ALTER TABLE would wait for it, and every query of v1 behind the ALTER TABLE. zdmigrate looks first, "
        "and asks once it is free."
    )
    stage.read_for_long(REPORT)
    before, began = stage.v1.queries, time.monotonic()
    commands.run("apply", "--phase", "expand", "--release", "v2")
    stage.agreement.filled()
    took = time.monotonic() - began
    screen.blank()
    screen.say(f"In these {took:.0f} s v1 ran {stage.v1.queries - before:,} queries. All told:")
    screen.text(f"  {stage.state()}")


def two_versions(screen: Screen, stage: Stage, commands: Commands) -> None:
    screen.act(4, "Two versions, one table")
    screen.say("The start-up probe of v2's instances asks whether they may serve:")
    commands.run("ready", "--release", "v2")
    stage.let_run(stage.v2)
    stage.v2.beat()
    screen.blank()
    screen.say(
        f"They start beside v1: {len(stage.v2.workers)} connections that know users.full_name alone. "
        "Each version goes on reading what the other one writes."
    )
    screen.watch(3.0, time.sleep, stage.state)
    screen.blank()
    screen.say(
        "Can the old name go? Not while v1 runs, nor in the rollback window after it: 30 min, for this story 3 s."
    )
    commands.export("ZDMIGRATE_GATE_ROLLBACK_WINDOW", "3s")
    commands.run("apply", "--phase", "contract", "--release", "v3", expect=NOT_YET)


def v1_leaves(screen: Screen, stage: Stage, commands: Commands) -> None:
    screen.act(5, "v1 says goodbye")
    stage.v1.drain()
    screen.say("v1's connections finished what they had begun, and its instances said goodbye. v2 goes on writing.")
    commands.run("apply", "--phase", "contract", "--release", "v3", "--wait", "1min")
    screen.blank()
    screen.say("users.name is gone, and v2 has not noticed:")
    screen.watch(1.0, time.sleep, stage.state)


def the_figures(screen: Screen, figures: Figures) -> int:
    """Show them; the exit code says whether all of the promise held."""
    screen.heading("What was measured")
    screen.text(table(figures))
    screen.blank()
    screen.say(how_measured(figures, LOGGED_FROM))
    screen.blank()
    faults = list(broken(figures))
    for fault in faults:
        screen.bad(f"It did not hold: {fault}.")
    if faults:
        return BROKEN
    screen.good("No query failed, none waited over the budget, and no write was lost.")
    return HELD


def wait_for_interrupt(screen: Screen, dsn: str) -> None:
    screen.blank()
    try:  # from the first word on: who reads it may press Ctrl-C before the next line here is reached
        screen.say(f"The server stays until Ctrl-C: psql {dsn}")
        Event().wait()
    except KeyboardInterrupt:
        screen.say("Stopped.")
