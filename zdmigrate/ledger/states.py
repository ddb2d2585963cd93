"""The states of a change, and the one table of what may follow what."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a change stands in the ledger; a change that is not in it is None everywhere."""

    EXPANDING = "expanding"  # begun; its steps tell how far
    EXPANDED = "expanded"  # every expand and backfill step is done and verified
    CONTRACTING = "contracting"  # its contract has begun: only forward from here
    CONTRACTED = "contracted"
    REVERTING = "reverting"
    REVERTED = "reverted"


TRANSITIONS: dict[State | None, tuple[State, ...]] = {
    None: (State.EXPANDING,),
    State.EXPANDING: (State.EXPANDED, State.REVERTING),
    State.EXPANDED: (State.CONTRACTING, State.REVERTING),
    State.CONTRACTING: (State.CONTRACTED,),
    State.CONTRACTED: (),
    State.REVERTING: (State.REVERTED,),
    State.REVERTED: (State.EXPANDING,),
}


def may_follow(before: State | None, after: State) -> bool:
    """Whether a change in state ``before`` may go to ``after``; staying where it is (a resumed run) may always."""
    return before == after or after in TRANSITIONS[before]
