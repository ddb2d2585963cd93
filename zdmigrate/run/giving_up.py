"""Giving a release up: every expand that came with it is undone, the last one first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zdmigrate.errors import NotYet
from zdmigrate.ledger.changes import read_changes
from zdmigrate.ledger.states import State
from zdmigrate.run.revert import revert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zdmigrate.run.target import Target
    from zdmigrate.sources.change import Change

UNDONE = (State.EXPANDING, State.EXPANDED, State.REVERTING)
POLL = 2.0  # seconds between two tries


def give_up(target: Target, changes: Sequence[Change], release: str, patience: float) -> list[str]:
    """Revert what is bound to ``release`` and not contracted; the ids of what was.

    ``patience`` is for how many seconds it waits for instances of the release to go: a deploy system that was told
    takes its time. Raises NotYet after that, and whatever a revert raises.
    """
    with target.connect("revert") as connection:
        rows = read_changes(connection, target.app)
    of_release = [
        change
        for change in changes
        if change.id in rows and rows[change.id].bound_to == release and rows[change.id].state in UNDONE
    ]
    deadline = time.monotonic() + patience
    return [change.id for change in reversed(of_release) if _revert(target, change, deadline)]


def _revert(target: Target, change: Change, deadline: float) -> bool:
    while True:
        try:
            return revert(target, change)
        except NotYet:
            if time.monotonic() >= deadline:
                raise
            time.sleep(min(POLL, max(0.0, deadline - time.monotonic())))
