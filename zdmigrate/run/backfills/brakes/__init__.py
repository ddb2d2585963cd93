"""What holds a backfill back, one thing a file. Each looks, and answers with a reason; none is a reason to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.config import Backfill as Settings
    from zdmigrate.ledger.connection import Connection


class Scene(NamedTuple):
    """What a brake may look at: the connection, the limits as they are now, and what the backfill does."""

    connection: Connection
    settings: Settings
    now: float  # seconds of the runner's clock
    relations: Sequence[int]  # the tables that are gone through
    pids: Sequence[int]  # of the backfill's own backends
    rows: int  # changed in this run
    budget: float  # seconds that a query of the app may be made to wait


class Brake(Protocol):
    """One thing to look at. psycopg's errors are not caught here: what cannot be looked at holds the backfill back."""

    kind: str  # of events.HOLDS

    def reason(self, scene: Scene) -> str:
        """Why no batch may begin now, for a person to act on; empty when one may."""
