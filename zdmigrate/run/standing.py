"""Where everything stands, read from the ledger: what ``zdmigrate status`` and ``zdmigrate serve`` show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.ledger.changes import read_changes
from zdmigrate.ledger.overdue import overdue_contracts
from zdmigrate.ledger.states import State
from zdmigrate.live.ages import span
from zdmigrate.live.gate import ask_gate
from zdmigrate.live.instances import list_instances
from zdmigrate.live.observe import observe
from zdmigrate.live.registry import list_releases
from zdmigrate.run.backfills.quarantine import rows_aside
from zdmigrate.run.lease import backfill_lease, held_leases
from zdmigrate.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.config import Config
    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.ledger.overdue import Overdue
    from zdmigrate.live.registry import Release
    from zdmigrate.live.sighting import Sighting
    from zdmigrate.live.verdict import Verdict
    from zdmigrate.sources.change import Change

_BACKFILLS = """
    SELECT b.change, b.position, b.pass, b.blocks, b.blocks_done, b.rows, b.seconds, b.workers, b.throttle,
           (SELECT count(*) FROM zdmigrate.quarantine AS q
            WHERE (q.app, q.change, q.position) = (b.app, b.change, b.position))
    FROM zdmigrate.backfill_progress AS b JOIN zdmigrate.pending AS p USING (app, change, position)
    WHERE b.app = %s ORDER BY 1, 2
"""


class Backfill(NamedTuple):
    """A backfill that is not done. ``seconds`` are what its present pass has taken; ``aside`` are rows that are left
    aside; ``runs``: a runner is at it.
    """

    change: str
    step: int
    pass_number: int
    blocks: int
    blocks_done: int
    rows: int
    seconds: float
    workers: int
    throttle: str | None
    aside: int
    runs: bool

    @property
    def seconds_left(self) -> float | None:
        """At the pace of this pass, where it has one."""
        if not (self.blocks_done and self.seconds):
            return None
        return (self.blocks - self.blocks_done) * self.seconds / self.blocks_done

    @property
    def share(self) -> float:
        """How much of the present pass is done, from 0 to 1."""
        return self.blocks_done / self.blocks if self.blocks else 1.0

    @property
    def sentence(self) -> str:
        """Its place: share, rows, pace, time left, and what holds it back."""
        parts = [f"{self.share:.0%}", f"{self.rows} rows"]
        if self.pass_number > 1:
            parts.append(f"pass {self.pass_number}")
        if not self.runs:
            parts.append("nobody is at it: zdmigrate apply --phase backfill")
        else:
            parts.append(counted(self.workers, "worker"))
            if self.seconds_left is not None:
                parts.append(f"about {span(self.seconds_left)} left")
        if self.aside:
            parts.append(f"{self.aside} left aside")
        held_back = f"; held back by {self.throttle}" if self.throttle else ""
        return f"The backfill in step {self.step} of {self.change}: {', '.join(parts)}{held_back}."


class Standing(NamedTuple):
    """``pending`` are steps that are left, by change; ``leases`` name, holder and since when."""

    rows: dict[str, ChangeRow]
    pending: dict[str, int]
    releases: Sequence[Release]
    seen: Sequence[Sighting]
    verdicts: Sequence[Verdict]
    leases: Sequence[tuple[str, dict[str, Any], str]]
    backfills: Sequence[Backfill]
    aside: dict[str, int]  # rows left aside, by change
    overdue: Sequence[Overdue]


def read_standing(connection: Connection, config: Config, changes: Sequence[Change], *, look: bool = True) -> Standing:
    """Where everything stands now; live sources are asked on the way, unless the connection is for reading only."""
    app = config.app
    pending = connection.execute(
        "SELECT change, count(*) FROM zdmigrate.pending WHERE app = %s GROUP BY change", [app]
    ).fetchall()
    if look:
        observe(connection, config)
    rows, releases, leases = read_changes(connection, app), list_releases(connection, app), held_leases(connection)
    held = {name for name, _, _ in leases}
    written = [change.id for change in changes if contracts(change)]
    return Standing(
        rows=rows,
        pending=dict(pending),
        releases=releases,
        seen=list_instances(connection, config),
        verdicts=_verdicts(connection, config, changes, rows, releases),
        leases=leases,
        backfills=[_backfill(app, row, held) for row in connection.execute(_BACKFILLS, [app])],
        aside=rows_aside(connection, app),
        overdue=overdue_contracts(connection, app, config.contract_within, written),
    )


def contracts(change: Change) -> bool:
    """Whether it has a contract."""
    return any(section.name == "contract" for section in change.sections)


def next_for(row: ChangeRow, change: Change | None, pending: int) -> str:
    """What a person does next about a change; empty where there is nothing to do."""
    if change is None and row.state not in (State.CONTRACTED, State.REVERTED):
        return "its file is not in this folder"
    has_contract = change is not None and contracts(change)
    return {
        State.EXPANDING: f"zdmigrate apply --phase expand ({counted(pending, 'step')} left)",
        State.EXPANDED: "zdmigrate apply --phase contract, in a later release" if has_contract else "",
        State.CONTRACTING: "zdmigrate apply --phase contract",
        State.CONTRACTED: "",
        State.REVERTING: f"zdmigrate revert {row.id}",
        State.REVERTED: "",
    }[row.state]


def _backfill(app: str, row: tuple[Any, ...], held: set[str]) -> Backfill:
    change, position, *rest = row
    return Backfill._make([change, position + 1, *rest, backfill_lease(app, change) in held])


def _verdicts(
    connection: Connection,
    config: Config,
    changes: Sequence[Change],
    rows: dict[str, ChangeRow],
    releases: Sequence[Release],
) -> list[Verdict]:
    """What the gate of each change that waits for its contract says to the release registered last.

    Of a change whose file is not at hand, the plan that was kept at expand says whether it has a contract.
    """
    if not releases:
        return []
    known = {change.id for change in changes}
    waiting = [change.id for change in changes if contracts(change)]
    waiting += [row.id for row in rows.values() if row.id not in known and (row.contract_plan or {}).get("steps")]
    return [
        ask_gate(connection, config, config.app, name, releases[-1].version)
        for name in waiting
        if name in rows and rows[name].state == State.EXPANDED
    ]
