"""Whether the server would run an INSERT's batch row by row: an aggregate over a range is not one over the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.errors import InputError
from zdmigrate.ledger.ledger import one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.plan.step import Backfill, Step
    from zdmigrate.run.session import Session

_WHOLE = ("Aggregate", "Group", "Limit", "SetOp", "Unique", "WindowAgg")
_APART = ("InitPlan", "SubPlan")  # a subquery of its own may do as it likes


def refuse_whole_table_plan(session: Session, step: Step, backfill: Backfill) -> None:
    """Raise InputError for an INSERT … SELECT whose result depends on more rows than a range has.

    The server's plan is asked, since only it knows which functions are aggregates.
    """
    if backfill.verb != "insert":
        return
    explain = b"EXPLAIN (FORMAT JSON) " + backfill.batch_sql(0, 1).encode()
    (plans,) = one(session.connection, explain)
    whole = [kind for plan in plans for kind in _kinds(plan["Plan"]) if kind in _WHOLE]
    if whole:
        raise InputError(
            f"{step.path}:{step.line}: this INSERT cannot run in ranges: it computes over all rows ({whole[0]})",
            state="nothing of it was run",
            hint="compute in a subquery or a function for each row, or let the application fill the table",
        )


def _kinds(plan: dict[str, Any]) -> Iterator[str]:
    """The kinds of a plan's nodes, those of subqueries in expressions apart."""
    yield plan["Node Type"]
    for child in plan.get("Plans", ()):
        if child.get("Parent Relationship") not in _APART:
            yield from _kinds(child)
