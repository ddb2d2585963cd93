"""Health guards between the steps of an expand: while one says no, no step begins, or the run ends, as configured."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zdmigrate.errors import NotYet
from zdmigrate.guards.judge import take_baseline
from zdmigrate.guards.measure import Unmeasured
from zdmigrate.guards.watch import GuardWatch
from zdmigrate.ledger.record import record
from zdmigrate.plan.step import BACKFILL
from zdmigrate.run.backfills.brakes.guards import GuardBreached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Step
    from zdmigrate.run.target import Target

    Until = Callable[[Step], bool]

POLL = 0.2  # seconds between looks at what the guards' threads have heard

# What was measured before this change began, and not before an earlier try that was reverted.
_KEPT = """
SELECT detail -> 'measured' FROM zdmigrate.event
WHERE app = %(app)s AND change = %(change)s AND action = 'guard baseline' AND id > coalesce((
    SELECT max(id) FROM zdmigrate.event WHERE app = %(app)s AND change = %(change)s AND action = 'reverted'), 0)
ORDER BY id DESC LIMIT 1
"""


@contextmanager
def guarded_steps(target: Target, change: str, until: Until) -> Iterator[Until]:
    """``until``, which also waits before each step of an expand until all is well, or raises GuardBreached.

    A backfill has a brake of its own. Raises NotYet where what relative guards compare with cannot be measured.
    """
    guards = target.config.active_guards
    if not guards:
        yield until
        return
    with target.connect("guard") as connection:
        baseline = _baseline(target, connection, change)
    with GuardWatch(guards, baseline) as watch:

        def guarded(step: Step) -> bool:
            if until(step):
                return True
            if step.mode != BACKFILL:
                _hold(target, watch, change)
            return False

        yield guarded


def _baseline(target: Target, connection: Connection, change: str) -> dict[str, float]:
    """Kept in the record: a run that is resumed while the app does badly must not take that for its usual state."""
    row = connection.execute(_KEPT, {"app": target.app, "change": change}).fetchone()
    known = dict(row[0]) if row else {}
    try:
        baseline = take_baseline(target.config.active_guards, known)
    except Unmeasured as error:
        hint = "mend it, then run it again; or --guard-action ignore"
        raise NotYet(str(error), state="no step was run by this command", hint=hint) from None
    if baseline != known:
        record(connection, "guard baseline", app=target.app, change=change, measured={**known, **baseline})
    return baseline


def _hold(target: Target, watch: GuardWatch, change: str) -> None:
    told = ""
    while breaches := "; ".join(watch.breaches()):
        if target.config.backfill.guard_action != "pause":
            raise GuardBreached.in_expand(change, breaches)
        if breaches != told:
            target.listener.note(f"{change} waits until the app is well: {breaches}")
        told = breaches
        time.sleep(POLL)
