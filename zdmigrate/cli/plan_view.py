"""A plan as a person reads it: each step's SQL, its lock, and what that lock stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zdmigrate.plan.step import ALONE, BACKFILL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.plan.step import Plan, Step


def plan_lines(plan: Plan, done: int, rows: dict[str, int]) -> Iterator[str]:
    """The lines for one plan; ``rows`` are the server's estimates by relation."""
    yield click.style(f"{plan.phase} {plan.change}", bold=True) + f"  {plan.path}"
    for step in plan.steps:
        state = "  done already" if step.position < done else ""
        yield f"  step {step.position + 1} of {len(plan.steps)}  {how(step)}  line {step.line}{state}"
        for setting in step.settings:
            yield f"      {setting};"
        for statement in _statements(step):
            yield from (f"      {line}" for line in f"{statement};".splitlines())
        for told in costs(step, rows):
            yield f"    {told}"
        if plan.writes_version(step):
            yield f"    writes {plan.version_table}, as Alembic does"


def how(step: Step) -> str:
    """How a step runs, in a word or two."""
    if step.mode == BACKFILL:
        return "backfill, in batches" + (", optional" if step.optional else "")
    if step.mode == ALONE:
        return "outside of a transaction"
    return "one transaction"


def costs(step: Step, rows: dict[str, int]) -> Iterator[str]:
    """What a step locks, what that stops, and what it reads or rewrites."""
    for name, mode in step.locks:
        stops = "reads and writes" if mode.blocks_readers else "writes" if mode.blocks_writers else "no reads or writes"
        yield f"{mode.sql} on {name} stops {stops}"
    for verb, names in (("rewrites", step.rewrites), ("reads every row of", step.scans)):
        if names:
            yield f"{verb} {', '.join(_sized(str(name), rows) for name in names)}"
    if step.unknown:
        yield "what it locks is not known: it runs under the lock budget and is tried again"


def _sized(name: str, rows: dict[str, int]) -> str:
    return f"{name}, about {rows[name]} rows" if rows.get(name) else name


def _statements(step: Step) -> tuple[str, ...]:
    if step.backfill is None:
        return step.statements
    return (step.backfill.head + step.backfill.range_sql(0, 1).replace("(1,0)", "(N,0)") + step.backfill.tail,)
