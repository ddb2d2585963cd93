"""Contracts that have been pending for long: an old side that nobody drops is kept in step by every write, for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from zdmigrate.duration import Duration
    from zdmigrate.ledger.connection import Connection


class Overdue(NamedTuple):
    """A change that is expanded, and whose contract was not begun, or not completed, since so long ago."""

    change: str
    state: str
    since: datetime
    seconds: float

    @property
    def sentence(self) -> str:
        begun = (
            "its contract was begun and is not complete" if self.state == "contracting" else "its contract is pending"
        )
        return f"{self.change}: {begun} since {self.since.astimezone():%Y-%m-%d}, {self.seconds / 86400:.0f} days"


def overdue_contracts(connection: Connection, app: str, within: Duration, written: Sequence[str] = ()) -> list[Overdue]:
    """Those that have been pending for longer than ``within``, the oldest first; none where that is no time at all.

    Counted from the day on which the expand was complete, by the database's clock. ``written`` are changes whose
    contract is in the folder by now, although it was not when they were expanded.
    """
    if not within.milliseconds:
        return []
    query = """
        SELECT id, state, since, extract(epoch FROM pg_catalog.clock_timestamp() - since)::float8 FROM zdmigrate.change
        WHERE app = %s AND (state = 'contracting' OR state = 'expanded' AND (
            id = ANY (%s) OR pg_catalog.jsonb_array_length(coalesce(contract_plan -> 'steps', '[]')) > 0))
          AND since < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s) ORDER BY since
    """
    return [Overdue(*row) for row in connection.execute(query, [app, list(written), within.seconds])]
