"""Baselines of a rollout, in the ledger's record: what guards measured before the new version had any traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.ledger.connection import Connection

_LATEST = """
SELECT detail -> 'measured' FROM zdmigrate.event
WHERE app = %s AND action = 'guard baseline' AND detail ->> 'release' = %s ORDER BY id DESC LIMIT 1
"""


def keep_baseline(connection: Connection, app: str, release: str, baseline: Mapping[str, float]) -> None:
    """Keep what guards measured, by guard, for the rollout of ``release``."""
    record(connection, "guard baseline", app=app, release=release, measured=dict(baseline))


def kept_baseline(connection: Connection, app: str, release: str) -> dict[str, float]:
    """What was kept last for the rollout of ``release``; nothing where nothing was."""
    row = connection.execute(_LATEST, [app, release]).fetchone()
    return dict(row[0]) if row else {}
