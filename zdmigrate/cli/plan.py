"""zdmigrate plan: what apply would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.cli.options import common, database
from zdmigrate.cli.target import changes_of, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zdmigrate.cli.options import Console
    from zdmigrate.config import Config
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan
    from zdmigrate.run.order import Waiting
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


@click.command()
@click.option(
    "--phase",
    default="expand",
    type=click.Choice(["expand", "contract", "revert", "all"]),
    show_default=True,
    help="What to show; a backfill belongs to expand.",
)
@database
@common("source_section", "lock_budget")
def command(config: Config, console: Console, dsn: str, phase: str) -> None:
    """Show what apply would do: steps, SQL, locks, row estimates. Runs nothing.

    \b
    Examples:
      zdmigrate plan
      zdmigrate plan --phase contract --format json
    """
    show_plans(target_of(dsn, config, console), console, changes_of(config), phase)


def show_plans(target: Target, console: Console, changes: Sequence[Change], phase: str) -> None:
    """Print the plans of what is due in a phase."""
    from zdmigrate.cli.plan_view import plan_lines
    from zdmigrate.run.steps import DONE, read_steps

    with target.connect("plan") as connection:
        waits: list[Waiting] = []
        plans = [plan for plan in _plans(target, connection, changes, phase, waits) if plan.steps]
        if console.is_json:
            told = {"version": 1, "plans": [plan.to_json() for plan in plans]}
            console.json(told | ({"waiting": [each.to_json() for each in waits]} if waits else {}))
            return
        for plan in plans:
            done = sum(row.state == DONE for row in read_steps(connection, plan).values())
            for line in plan_lines(plan, done, _row_estimates(connection, plan)):
                console.result(line)
    for waiting in waits:
        console.result(waiting.sentence)
    if not plans:
        console.say(f"nothing to {phase}" if phase != "all" else "nothing to do")


def _plans(
    target: Target, connection: Connection, changes: Sequence[Change], phase: str, waits: list[Waiting]
) -> Iterator[Plan]:
    from zdmigrate.ledger.changes import read_changes
    from zdmigrate.ledger.states import State
    from zdmigrate.run.agreement import differences
    from zdmigrate.run.due import due_for_expand, plan_of
    from zdmigrate.run.order import Order

    rows = read_changes(connection, target.app)
    order = Order(connection, target.app, changes)
    there = differences(connection, target.app, changes).run
    changes = [change for change in changes if change.id not in there]  # the next apply takes note of them
    if phase in ("expand", "all"):
        for change in due_for_expand(target, connection, changes, again=False):
            if waiting := order.to_expand(change) if phase == "expand" else None:
                waits.append(waiting)
                continue
            order.expanded(change)
            yield plan_of(target, connection, change, "expand")
    wanted = {"contract": (State.EXPANDED, State.CONTRACTING), "revert": (State.EXPANDING, State.EXPANDED)}
    for change in changes:
        row = rows.get(change.id)
        if phase == "all" and (row is None or row.state in wanted["contract"]):
            yield plan_of(target, connection, change, "contract")
        elif phase in wanted and row is not None and row.state in wanted[phase]:
            if phase == "contract" and change.revision and (waiting := order.waiting(change)):
                waits.append(waiting)
            yield plan_of(target, connection, change, phase)


def _row_estimates(connection: Connection, plan: Plan) -> dict[str, int]:
    """The server's own estimates, by relation as the plan names it."""
    from zdmigrate.run.relations import quoted

    names = {name for step in plan.steps for name, _ in step.locks}
    query = "SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%s)"
    found = {str(name): connection.execute(query, [quoted(name)]).fetchone() for name in names}
    return {name: row[0] for name, row in found.items() if row and row[0] > 0}
