"""All phases at once, for a database that nobody uses yet: a laptop, CI, a new region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import NotYet
from zdmigrate.ledger.changes import read_changes
from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.states import State
from zdmigrate.run.due import plan_of
from zdmigrate.run.expand import expand
from zdmigrate.run.outcome import Outcome
from zdmigrate.run.phases import run_phase
from zdmigrate.run.preflight import refuse_dependents, refuse_unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


_SEEN = """
SELECT (SELECT pg_catalog.count(*) FROM zdmigrate.instance) + (SELECT pg_catalog.count(*) FROM zdmigrate.sighting)
"""


def run_all(target: Target, changes: Sequence[Change], *, again: bool = False) -> Outcome:
    """Each change in order through contract, without a gate, on a database whose ledger never saw a live version."""
    with target.connect("all") as connection:
        seen = one(connection, _SEEN)[0]
        releases = one(connection, "SELECT pg_catalog.count(*) FROM zdmigrate.release")[0]
    if releases > 1:
        raise NotYet(
            f"{releases} releases are registered on this database: it is deployed to, and --phase all asks no gate",
            state="nothing was run",
            hint="zdmigrate apply --phase expand, and later --phase contract",
        )
    if seen:
        raise NotYet(
            f"instances were seen on this database ({seen}): it is in use, and --phase all asks no gate",
            state="nothing was run",
            hint="zdmigrate apply --phase expand, and later --phase contract",
        )
    outcome = Outcome()
    for change in changes:
        outcome.expanded += expand(target, [change], again=again, among=changes).expanded
        with target.connect("plan") as connection:
            row = read_changes(connection, target.app).get(change.id)
            if row is None or row.state not in (State.EXPANDED, State.CONTRACTING):
                continue
            plan = plan_of(target, connection, change, "contract")
            refuse_unfit(target, connection, plan)
            refuse_dependents(connection, change)
        if plan.steps:
            run_phase(target, change, plan)
            outcome.contracted.append(change.id)
    return outcome
