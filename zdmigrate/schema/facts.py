"""The facts of one operation: all that a rule's match or message may name (fact_table.py says what they mean)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema.compatibility import breaks_old, is_new_object
from zdmigrate.schema.effects.claim import Situation
from zdmigrate.schema.fact_table import DEFAULTS, FACTS, Facts
from zdmigrate.schema.facts_by_operation import OWN_FACTS
from zdmigrate.schema.facts_of_design import DESIGN_FACTS
from zdmigrate.schema.facts_of_earlier import facts_of_earlier
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import short_name, short_names, spelled, spelled_list, spelled_name
from zdmigrate.schema.timeouts import LOCK, STATEMENT, kind_of_timeout, newly_missed, waited_for

if TYPE_CHECKING:
    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.effects.claim import Locks
    from zdmigrate.schema.lock_modes import LockMode
    from zdmigrate.schema.state import ScriptState

__all__ = ["FACTS", "Facts", "facts_of"]


def facts_of(
    operation: ops.Operation, catalog: Catalog, state: ScriptState, effects: Effects, section: str, major: int
) -> Facts:
    """Every fact of FACTS, for one operation before it runs."""
    at = Situation(catalog, state, major)
    facts: Facts = {**DEFAULTS, "operation": operation.kind, "section": section, "major": major}
    facts.update(_words(operation))
    facts.update(_costs(operation, effects, at))
    if effects.locks:
        missed = newly_missed(operation, effects, state, catalog)
        facts.update(misses_lock_timeout=LOCK in missed, misses_statement_timeout=STATEMENT in missed)
        facts["waits_for"] = short_names(waited_for(effects, state, catalog), catalog) if missed else ""
    if operation.relation is not None:
        facts.update(_about_table(operation, at))
    facts.update(facts_of_earlier(operation, effects, at))
    own = OWN_FACTS.get(operation.kind)
    if own is not None:
        facts.update(own(operation, at))
    designed = DESIGN_FACTS.get(operation.kind)
    if designed is not None:
        facts.update(designed(operation, at))
    broken = breaks_old(operation, at)
    facts.update(additive=not broken, breaks_old=broken)
    return facts


# --------------------------------------------------------------------------- for every operation

_NAMES = frozenset(("column", "name", "new_name"))
_WORDS = frozenset(
    (
        "object_type",
        "statement",
        "reason",
        "concurrently",
        "if_exists",
        "if_not_exists",
        "cascade",
        "only",
        "unique",
        "full",
        "from_query",
    )
)


_LISTS = ("assigned_twice", "truncated")


def _words(operation: ops.Operation) -> Facts:
    """The fields of an operation that are facts as they stand; names in SQL's spelling."""
    facts: Facts = {}
    for field, value in vars(operation).items():
        if field in _NAMES and isinstance(value, (str, Name)):
            facts[field] = spelled_name(value) if isinstance(value, Name) else spelled(value)
        elif field in _WORDS and isinstance(value, (str, bool)):
            facts[field] = value
        elif field in _LISTS:
            facts[field] = spelled_list(value)
    return facts


def _costs(operation: ops.Operation, effects: Effects, at: Situation) -> Facts:
    relation = at.name(operation)
    mode = effects.locks.get(relation) or max(effects.locks.values(), default=None)
    held = at.state.held.get(_table_of(relation, at))
    return {
        "lock": "" if mode is None else mode.sql,
        "blocks": _stopped_by(mode),
        "held_lock": "" if held is None else held.sql,
        "held_blocks": _stopped_by(held),
        "rewrites": bool(effects.rewrites),
        "scans": bool(effects.scans),
        "builds_index": effects.builds_index,
        "refuses_transaction": effects.refuses_transaction,
        "row_work": _row_work(effects),
        "analysed": not effects.unknown,
        **_transaction(_table_of(relation, at), at),
        "object_is_new": is_new_object(operation, at),
    }


def _transaction(table: Name, at: Situation) -> Facts:
    state = at.state
    held, before = _held_of_old(state.held, at), _held_of_old(state.held_before, at)
    timeout = state.settings.get(LOCK, "")
    return {
        "in_transaction": state.in_transaction,
        "transaction_of": state.transaction_of,
        "transaction": _AROUND.get(state.transaction_of, "").format(tool=state.terms.tool or "the tool"),
        "tool": state.terms.tool,
        "transaction_ends": state.transaction_ends,
        "waits_before": state.waits,
        "held_exclusively": short_names((name for name, mode in held.items() if mode.blocks_readers), at.catalog),
        "held_elsewhere": short_names(
            (name for name, mode in before.items() if mode.blocks_writers and name != table), at.catalog
        ),
        "lock_timeout": timeout if kind_of_timeout(timeout, 0) == "short" else "",
    }


def _held_of_old(locks: Locks, at: Situation) -> Locks:
    """An index that is dropped is in the catalog no more."""
    dropped = {found.name for found in at.state.earlier.dropped}
    return {
        name: mode
        for name, mode in locks.items()
        if not (at.state.is_new(name) or name in at.catalog.indexes or name in dropped)
    }


_AROUND = {
    "file": "BEGIN ... COMMIT of the file",
    "body": "the body of DO or of a function",
    "tool": "which {tool} puts around the file",
    "message": "since {tool} sends the file as one message",
}


def _row_work(effects: Effects) -> str:
    work = ["writes every row anew" if effects.rewrites else "reads every row" if effects.scans else ""]
    work += ["builds an index" if effects.builds_index and not effects.rewrites else ""]
    return " and ".join(filter(None, work))


def _stopped_by(mode: LockMode | None) -> str:
    if mode is None or not mode.blocks_writers:
        return ""
    return "reads and writes" if mode.blocks_readers else "writes"


def _table_of(relation: Name, at: Situation) -> Name:
    index = at.catalog.indexes.get(relation)
    return relation if index is None else index.table


def _about_table(operation: ops.Operation, at: Situation) -> Facts:
    relation = at.name(operation)
    owner = _table_of(relation, at)
    table = at.catalog.tables.get(owner)
    column = getattr(operation, "column", None)
    return {
        "relation": str(relation),
        "table": _as_written(operation, relation, owner, at),
        "table_is_new": at.state.is_new(owner),
        "column_is_new": (owner, column) in at.state.columns,
        "temporary": owner.schema == "pg_temp",
        "unlogged": table is not None and table.persistence == "unlogged",
        "partitioned": table is not None and table.partitioned,
    }


def _as_written(operation: ops.Operation, relation: Name, owner: Name, at: Situation) -> str:
    if owner == relation:
        unknown_index = operation.kind in ("drop_index", "rename_index") or getattr(operation, "target", "") == "index"
        written = spelled_name(operation.relation or owner)
        return f"the table of {written}" if unknown_index else written
    return short_name(owner, at.catalog)
