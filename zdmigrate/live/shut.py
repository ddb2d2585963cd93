"""Gates that were found shut, in the record: each once, however often it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.verdict import Verdict

# Whether the last thing that the record says of this gate is the same.
_SAID = """
SELECT coalesce((
    SELECT e.action = 'gate shut' AND e.detail = %(detail)s FROM zdmigrate.event AS e
    WHERE e.app = %(app)s AND e.change = %(change)s AND e.action IN ('gate shut', 'expanded', 'contracting')
    ORDER BY e.id DESC LIMIT 1), false)
"""
_MAY = "SELECT pg_catalog.has_table_privilege('zdmigrate.event', 'INSERT')"


def note_shut(connection: Connection, verdicts: Iterable[Verdict]) -> None:
    """Record why gates are shut: codes, and the versions in the way. A role that may only read records nothing."""
    shut = [verdict for verdict in verdicts if not verdict.open]
    if not shut or not one(connection, _MAY)[0]:
        return
    for verdict in shut:
        detail = {
            "release": verdict.release,
            "codes": sorted({str(reason.code) for reason in verdict.reasons}),
            "versions": sorted({reason.version for reason in verdict.reasons if reason.version and reason.instance}),
        }
        named = {"app": verdict.app, "change": verdict.change, "detail": Jsonb(detail)}
        if not one(connection, _SAID, named)[0]:
            record(connection, "gate shut", app=verdict.app, change=verdict.change, **detail)
