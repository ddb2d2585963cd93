"""Undoing an expand: refused while a version lives that needs the new side, and for good once contract has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from zdmigrate.errors import NotYet, UsageError
from zdmigrate.ledger.changes import read_change, read_changes
from zdmigrate.ledger.ledger import one
from zdmigrate.ledger.states import State
from zdmigrate.live.ages import ago
from zdmigrate.live.fence import exclude_beats, limit_waits
from zdmigrate.live.looks import read_look, why_silent
from zdmigrate.live.observe import observe
from zdmigrate.live.sighting import UNKNOWN_VERSION, Presence, SourceSilent
from zdmigrate.live.sources import sources_of
from zdmigrate.live.standing import sightings_of
from zdmigrate.run.due import plan_of
from zdmigrate.run.lease import backfill_lease
from zdmigrate.run.phases import run_phase
from zdmigrate.run.preflight import refuse_unfit
from zdmigrate.run.steps import read_steps
from zdmigrate.run.undoing import refuse_foreign

if TYPE_CHECKING:
    from zdmigrate.ledger.changes import ChangeRow
    from zdmigrate.ledger.connection import Connection
    from zdmigrate.live.sighting import Sighting
    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change


def revert(target: Target, change: Change) -> bool:
    """Run the revert section; False where there was nothing to undo.

    A change that has a contract only has done nothing yet: it needs no section, and is merely taken back, so that its
    contract does not run.

    Raises UsageError where the change has no revert or is beyond one, NotYet while a version that knows the change
    runs or may run.
    """
    with target.connect("revert") as connection:
        row = read_change(connection, target.app, change.id)
        if row is None or row.state == State.REVERTED:
            return False
        refuse_impossible(change, row)
        refuse_stood_on(connection, target.app, change)
        observe(connection, target.config)
        refuse_needed(target, connection, change)
        if row.state == State.EXPANDING:
            expand = plan_of(target, connection, change, "expand")
            refuse_foreign(connection, change, expand, read_steps(connection, expand))
        plan = plan_of(target, connection, change, "revert")
        refuse_unfit(target, connection, plan)
    fills = any(section.name == "backfill" for section in change.sections)
    run_phase(
        target,
        change,
        plan,
        forgiving=row.state != State.EXPANDED,
        check=lambda connection: _behind_the_fence(target, connection, change),
        also=(backfill_lease(target.app, change.id),) if fills else (),
    )
    return True


def _behind_the_fence(target: Target, connection: Connection, change: Change) -> None:
    """Look once more while no beat can come in: a version that becomes ready after this waits for the change."""
    limit_waits(connection, target.config)
    try:
        exclude_beats(connection)
    except psycopg.errors.LockNotAvailable:
        raise NotYet(
            "a session holds a beat in a transaction that does not end",
            state="nothing was changed",
            hint="end it, then run the same command again",
        ) from None
    refuse_needed(target, connection, change)


def refuse_impossible(change: Change, row: ChangeRow) -> None:
    """Raise UsageError for a change that cannot be reverted any more, or was never meant to be."""
    if row.state in (State.CONTRACTING, State.CONTRACTED):
        begun = "is contracted" if row.state == State.CONTRACTED else "has begun to contract"
        raise UsageError(
            f"{change.id} {begun}: from there it only goes forward",
            state="nothing was changed",
            hint="zdmigrate apply --phase contract finishes it; undo it with a new change"
            if row.state == State.CONTRACTING
            else "undo it with a new change",
        )
    does = {section.name for section in change.sections if section.statements}
    if "revert" not in does and not does.isdisjoint(("expand", "backfill")):
        raise UsageError(
            f"{change.id} has no revert section, so nobody has said how to undo it",
            state="nothing was changed",
            hint=f"write one at the end of {change.path}, or as {change.id}.revert.sql"
            if change.revision is None
            else f"write its downgrade() in {change.path}",
        )


def refuse_stood_on(connection: Connection, app: str, change: Change) -> None:
    """Raise UsageError while a revision that stands on this one is in the database, or half so."""
    rows = read_changes(connection, app)
    gone = (None, State.REVERTED)
    contracts = {State.EXPANDED, State.EXPANDING}  # of a contract nothing was run by then
    for revision in change.revision.before if change.revision else ():
        state = rows[revision.name].state if revision.name in rows else None
        if state not in gone and not (revision.contracts and state in contracts):
            raise UsageError(
                f"{revision.name} stands on {change.id} and is {state}",
                state="nothing was changed",
                hint=f"revert it first: zdmigrate revert {revision.name}",
            )


def refuse_needed(target: Target, connection: Connection, change: Change) -> None:
    """Raise NotYet while an instance of a release that knows the change is live, or was lost, or a source is silent."""
    for source in sources_of(target.config):
        silent = why_silent(read_look(connection, source), target.config.gate)
        if source.app == target.app and silent:
            raise SourceSilent(silent)
    needing = [
        seen
        for seen in sightings_of(connection, target.config, [target.app])
        if seen.state is not Presence.LEFT and _knows(connection, target.app, seen, change)
    ]
    if needing:
        told = "".join(
            f"\n  - {seen.version} on {seen.instance}, {seen.state}, last seen {ago(seen.age)}" for seen in needing
        )
        raise NotYet(
            f"{change.id} is needed by versions that run, or may run:{told}",
            state="nothing was changed",
            hint="drain them first; for one that is gone without a goodbye: zdmigrate live retire VERSION --reason …",
        )


def _knows(connection: Connection, app: str, seen: Sighting, change: Change) -> bool:
    (old,) = one(connection, "SELECT zdmigrate.is_old_for(%s, %s, %s)", [app, seen.version, change.id])
    return not old or seen.version == UNKNOWN_VERSION
