"""lock_timeout and statement_timeout: what SET, SET LOCAL and set_config made of them, and who waits without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.duration import Duration

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from zdmigrate.schema.effects.claim import Effects, Situation
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation
    from zdmigrate.schema.state import ScriptState

LOCK, STATEMENT, TRANSACTION = "lock_timeout", "statement_timeout", "transaction_timeout"
TIMEOUTS = frozenset((LOCK, STATEMENT))


def milliseconds(value: object) -> int | None:
    """A timeout's value as PostgreSQL reads it: a bare number is milliseconds. None for what it would refuse."""
    text = str(value).strip()
    try:
        return Duration.parse(f"{text}ms" if text.replace(".", "", 1).isdecimal() else text).milliseconds
    except ValueError:
        return None


def kind_of_timeout(value: object, budget: int) -> str:
    """``off`` for 0, ``long`` for more than the budget in milliseconds, else ``short``; "" for no value at all."""
    length = milliseconds(value) if value not in (None, "") else None
    if length is None:
        return ""
    return "off" if length <= 0 else "long" if budget and length > budget else "short"


def newly_missed(operation: Operation, state: ScriptState, waited: Collection[Name]) -> frozenset[str]:
    """The timeouts that an operation, as the first of its section, does without while it waits for strong locks."""
    if not waited or state.terms.sets_timeouts or state.missed == TIMEOUTS or getattr(operation, "nowait", False):
        return frozenset()
    return frozenset(name for name in TIMEOUTS - state.missed if not _is_limited(name, state))


def waited_for(effects: Effects, at: Situation) -> Sequence[Name]:
    """The relations that others use, and whose strong lock the transaction does not have yet.

    Strong is what stops writers: weaker modes wait, and let everybody pass.
    """
    state = at.state
    return [
        relation
        for relation, mode in effects.locks.items()
        if mode.blocks_writers
        and state.held.get(relation, 0) < mode
        and not (state.is_new(relation) or relation in at.catalog.indexes)
    ]


def _is_limited(timeout: str, state: ScriptState) -> bool:
    names = (timeout, TRANSACTION) if timeout == STATEMENT else (timeout,)
    return any(kind_of_timeout(state.settings.get(name), 0) == "short" for name in names)
