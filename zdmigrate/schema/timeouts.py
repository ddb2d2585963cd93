"""lock_timeout and statement_timeout: what SET, SET LOCAL and set_config made of them, and who waits without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.duration import Duration
from zdmigrate.schema.lock_modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation
    from zdmigrate.schema.state import ScriptState

LOCK, STATEMENT, TRANSACTION = "lock_timeout", "statement_timeout", "transaction_timeout"
TIMEOUTS = frozenset((LOCK, STATEMENT))
STRONG = LockMode.SHARE  # what stops writers; weaker modes wait, and let everybody pass


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


def newly_missed(operation: Operation, effects: Effects, state: ScriptState, catalog: Catalog) -> frozenset[str]:
    """The timeouts that this operation, as the first of its section, does without while it waits for a strong lock."""
    if state.terms.sets_timeouts or not effects.locks or state.missed == TIMEOUTS:
        return frozenset()
    if getattr(operation, "nowait", False) or not any(waited_for(effects, state, catalog)):
        return frozenset()
    return frozenset(name for name in TIMEOUTS - state.missed if not _is_limited(name, state))


def waited_for(effects: Effects, state: ScriptState, catalog: Catalog) -> Iterator[Name]:
    """The relations that others use, and whose strong lock the transaction does not have yet."""
    for relation, mode in effects.locks.items():
        is_used = not state.is_new(relation) and relation not in catalog.indexes
        if mode >= STRONG and is_used and state.held_before.get(relation, 0) < mode:
            yield relation


def _is_limited(timeout: str, state: ScriptState) -> bool:
    names = (timeout, TRANSACTION) if timeout == STATEMENT else (timeout,)
    return any(kind_of_timeout(state.settings.get(name), 0) == "short" for name in names)
