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
_RANGE = "ctid"  # in a condition: this reads the range, and whatever stands above it sees no more


def refuse_whole_table_plan(session: Session, step: Step, backfill: Backfill) -> None:
    """Raise InputError for an INSERT … SELECT whose result depends on more rows than a range has.

    The server's plan is asked, since only it knows which functions are aggregates. What stands above the scan of the
    range counts, wherever that is: max() of an indexed column is planned as a subquery with a Limit (measured).
    """
    if backfill.verb != "insert":
        return
    explain = b"EXPLAIN (FORMAT JSON) " + backfill.batch_sql(0, 1).encode()
    (plans,) = one(session.connection, explain)
    found = [node for plan in plans for node in _nodes(plan["Plan"]) if node["Node Type"] in _WHOLE]
    ranged = _RANGE in str(plans)  # not so for a partitioned table without partitions
    whole = [node["Node Type"] for node in found if not ranged or _RANGE in str(node)]
    if whole:
        raise InputError(
            f"{step.path}:{step.line}: this INSERT cannot run in ranges: it computes over all rows ({whole[0]})",
            state="nothing of it was run",
            hint="compute in a subquery or a function for each row, or let the application fill the table",
        )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, those of subqueries in expressions too."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
