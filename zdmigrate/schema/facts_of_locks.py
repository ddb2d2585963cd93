"""The facts of what an operation locks and costs, of the transaction around it, and of who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.fact_table import DEFAULTS
from zdmigrate.schema.spelling import short_names
from zdmigrate.schema.timeouts import LOCK, STATEMENT, kind_of_timeout, newly_missed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zdmigrate.schema.effects.claim import Locks, Situation
    from zdmigrate.schema.facts import Fact, Facts
    from zdmigrate.schema.lock_modes import LockMode


def _mode(facts: Facts) -> LockMode | None:
    """The lock on the relation itself, else the strongest on any."""
    locks = facts.effects.locks
    if not locks:
        return None
    return locks.get(facts.relation) or max(locks.values())


def _held(facts: Facts) -> LockMode | None:
    held = facts.at.state.held_together
    return held.get(facts.owner) if held else None


def _sql(mode: LockMode | None) -> str:
    return "" if mode is None else mode.sql


def _stopped_by(mode: LockMode | None) -> str:
    if mode is None or not mode.blocks_writers:
        return ""
    return "reads and writes" if mode.blocks_readers else "writes"


def _of_old(locks: Locks, at: Situation) -> Locks:
    """The locks on tables that other sessions know. An index that is dropped is in the catalog no more."""
    if not locks:
        return {}
    dropped = {found.name for found in at.state.earlier.dropped}
    return {
        name: mode
        for name, mode in locks.items()
        if not (at.state.is_new(name) or name in at.catalog.indexes or name in dropped)
    }


def _held_exclusively(facts: Facts) -> str:
    at = facts.at
    exclusively = (name for name, mode in _of_old(at.state.held_together, at).items() if mode.blocks_readers)
    return short_names(exclusively, at.catalog)


def _held_elsewhere(facts: Facts) -> str:
    at = facts.at
    held = _of_old(at.state.held, at)
    if not held:
        return ""
    table = facts.owner
    return short_names((name for name, mode in held.items() if mode.blocks_writers and name != table), at.catalog)


def _transaction(facts: Facts) -> str:
    state = facts.at.state
    return _AROUND.get(state.transaction_of, "").format(tool=state.terms.tool or "the tool")


_AROUND = {
    "file": "BEGIN ... COMMIT of the file",
    "body": "the body of DO or of a function",
    "tool": "which {tool} puts around the file",
    "message": "since {tool} sends the file as one message",
}


def _lock_timeout(facts: Facts) -> str:
    timeout = facts.at.state.settings.get(LOCK, "")
    return timeout if kind_of_timeout(timeout, 0) == "short" else ""


def _timeouts(facts: Facts) -> Mapping[str, Fact]:
    missed = newly_missed(facts.operation, facts.at.state, facts.waited)
    return {
        "misses_lock_timeout": LOCK in missed,
        "misses_statement_timeout": STATEMENT in missed,
        "waits_for": short_names(facts.waited, facts.at.catalog) if missed else "",
    }


def _of_timeouts(name: str) -> Callable[[Facts], Fact]:
    return lambda facts: facts.told(_timeouts)[name] if facts.waited else DEFAULTS[name]


def row_work(facts: Facts) -> str:
    effects = facts.effects
    work = ["writes every row anew" if effects.rewrites else "reads every row" if effects.scans else ""]
    work += ["builds an index" if effects.builds_index and not effects.rewrites else ""]
    return " and ".join(filter(None, work))


OF_LOCKS: dict[str, Callable[[Facts], Fact]] = {
    "lock": lambda facts: _sql(_mode(facts)),
    "blocks": lambda facts: _stopped_by(_mode(facts)),
    "held_lock": lambda facts: _sql(_held(facts)),
    "held_blocks": lambda facts: _stopped_by(_held(facts)),
    "rewrites": lambda facts: bool(facts.effects.rewrites),
    "scans": lambda facts: bool(facts.effects.scans),
    "builds_index": lambda facts: facts.effects.builds_index,
    "refuses_transaction": lambda facts: facts.effects.refuses_transaction,
    "transaction_of": lambda facts: facts.at.state.transaction_of,
    "transaction": _transaction,
    "waits_before": lambda facts: facts.at.state.waits,
    "tool": lambda facts: facts.at.state.terms.tool,
    "transaction_ends": lambda facts: facts.at.state.transaction_ends,
    "held_exclusively": _held_exclusively,
    "held_elsewhere": _held_elsewhere,
    "lock_timeout": _lock_timeout,
    **{name: _of_timeouts(name) for name in ("misses_lock_timeout", "misses_statement_timeout", "waits_for")},
}
