"""A ledger in which every version is retired from one moment on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.database import Database

OFTEN = 0.02  # seconds between beats


def retire_everything(ledger: Database) -> None:
    """Fence a change that no release knows."""
    ledger.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('shop', 'c', 'expanded')")
    ledger.execute("INSERT INTO zdmigrate.fence (app, change, release) VALUES ('shop', 'c', 'v2')")


def seen(ledger: Database) -> list[tuple[str, str | None]]:
    """Instances and why they have left, None for those that have not."""
    return [(row[0], row[1]) for row in ledger.execute("SELECT instance, left_why FROM zdmigrate.instance ORDER BY 1")]
