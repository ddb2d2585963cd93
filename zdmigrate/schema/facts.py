"""The facts of one operation: all that a rule's match or message may name (fact_table.py says what they mean)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zdmigrate.schema.compatibility import breaks_old, is_new_object
from zdmigrate.schema.fact_table import DEFAULTS, FACTS
from zdmigrate.schema.facts_by_operation import OWN_FACTS
from zdmigrate.schema.facts_of_design import DESIGN_FACTS
from zdmigrate.schema.facts_of_earlier import facts_of_earlier
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import short_name, short_names, spelled, spelled_list, spelled_name
from zdmigrate.schema.timeouts import LOCK, STATEMENT, kind_of_timeout, newly_missed, waited_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.effects.claim import Locks, Situation
    from zdmigrate.schema.lock_modes import LockMode

__all__ = ["FACTS", "Facts"]

Fact = str | int | bool


class Facts(Mapping[str, Fact]):
    """Every fact of FACTS, for one operation before it runs.

    Each is found out when it is first asked for: a rule that looks for CONCURRENTLY need not know what an older
    version would notice, and most operations are done with after two or three facts.
    """

    def __init__(self, operation: ops.Operation, at: Situation, effects: Effects, section: str) -> None:
        self.operation = operation
        self.at = at
        self.effects = effects
        self._known: dict[str, Fact] = {"operation": operation.kind, "section": section, "major": at.major}
        self._told: dict[Callable[[Facts], Mapping[str, Fact]], Mapping[str, Fact]] = {}

    def __getitem__(self, name: str) -> Fact:
        known = self._known
        if name not in known:
            known[name] = self._learned(name)
        return known[name]

    def _learned(self, name: str) -> Fact:
        """The fact; KeyError for a name that is none."""
        if name in _OF_EVERY_KIND:
            return _OF_EVERY_KIND[name](self)
        own = self.told(_own)
        if name in own:
            return own[name]
        return _IN_GENERAL[name](self) if name in _IN_GENERAL else DEFAULTS[name]

    def told(self, group: Callable[[Facts], Mapping[str, Fact]]) -> Mapping[str, Fact]:
        """Facts that are found out together."""
        if group not in self._told:
            self._told[group] = group(self)
        return self._told[group]

    def __contains__(self, name: object) -> bool:
        return name in FACTS

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)

    def __repr__(self) -> str:
        return repr(dict(self))

    @property
    def relation(self) -> Name:
        """The relation with its schema."""
        return self.at.name(self.operation)

    @property
    def owner(self) -> Name:
        """The table; for an index, that which it is on."""
        relation = self.relation
        index = self.at.catalog.indexes.get(relation)
        return relation if index is None else index.table


# --------------------------------------------------------------------------- what one kind of operation has


def _own(facts: Facts) -> Mapping[str, Fact]:
    own = dict(facts.told(_earlier))
    for of_kind in (OWN_FACTS, DESIGN_FACTS):
        if facts.operation.kind in of_kind:
            own |= of_kind[facts.operation.kind](facts.operation, facts.at)
    return own


def _earlier(facts: Facts) -> Mapping[str, Fact]:
    return facts_of_earlier(facts.operation, facts.effects, facts.at)


# --------------------------------------------------------------------------- the operation's own words


def _word(field: str) -> Callable[[Facts], Fact]:
    """A field of the operation as it stands."""

    def told(facts: Facts) -> Fact:
        value = vars(facts.operation).get(field)
        return value if isinstance(value, (str, bool)) else DEFAULTS[field]

    return told


def _name(field: str) -> Callable[[Facts], Fact]:
    """A field with a name, in SQL's spelling."""

    def told(facts: Facts) -> Fact:
        value = vars(facts.operation).get(field)
        if isinstance(value, Name):
            return spelled_name(value)
        return spelled(value) if isinstance(value, str) else DEFAULTS[field]

    return told


def _list(field: str) -> Callable[[Facts], Fact]:
    """A field with several names, in SQL's spelling."""
    return lambda facts: spelled_list(vars(facts.operation).get(field, ()))


# --------------------------------------------------------------------------- what it costs, what is held


def _mode(facts: Facts) -> LockMode | None:
    """The lock on the relation itself, else the strongest on any."""
    locks = facts.effects.locks
    if not locks:
        return None
    return locks.get(facts.relation) or max(locks.values())


def _held(facts: Facts) -> LockMode | None:
    held = facts.at.state.held
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
    exclusively = (name for name, mode in _of_old(at.state.held, at).items() if mode.blocks_readers)
    return short_names(exclusively, at.catalog)


def _held_elsewhere(facts: Facts) -> str:
    at = facts.at
    held = _of_old(at.state.held_before, at)
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
    state, catalog = facts.at.state, facts.at.catalog
    missed = newly_missed(facts.operation, facts.effects, state, catalog)
    return {
        "misses_lock_timeout": LOCK in missed,
        "misses_statement_timeout": STATEMENT in missed,
        "waits_for": short_names(waited_for(facts.effects, state, catalog), catalog) if missed else "",
    }


def _of_timeouts(name: str) -> Callable[[Facts], Fact]:
    """Without a lock nobody waits."""
    return lambda facts: facts.told(_timeouts)[name] if facts.effects.locks else DEFAULTS[name]


def _row_work(facts: Facts) -> str:
    effects = facts.effects
    work = ["writes every row anew" if effects.rewrites else "reads every row" if effects.scans else ""]
    work += ["builds an index" if effects.builds_index and not effects.rewrites else ""]
    return " and ".join(filter(None, work))


# --------------------------------------------------------------------------- its table


def _of_table(fact: Callable[[Facts], Fact], without: Fact) -> Callable[[Facts], Fact]:
    """A fact that only an operation with a relation has."""
    return lambda facts: without if facts.operation.relation is None else fact(facts)


def _is_unlogged(facts: Facts) -> bool:
    table = facts.at.catalog.tables.get(facts.owner)
    return table is not None and table.persistence == "unlogged"


def _is_partitioned(facts: Facts) -> bool:
    table = facts.at.catalog.tables.get(facts.owner)
    return table is not None and table.partitioned


def _column_is_new(facts: Facts) -> bool:
    return (facts.owner, getattr(facts.operation, "column", None)) in facts.at.state.columns


def _as_written(facts: Facts) -> str:
    operation, owner = facts.operation, facts.owner
    if owner == facts.relation:
        unknown_index = operation.kind in ("drop_index", "rename_index") or getattr(operation, "target", "") == "index"
        written = spelled_name(operation.relation or owner)
        return f"the table of {written}" if unknown_index else written
    return short_name(owner, facts.at.catalog)


# --------------------------------------------------------------------------- which fact is found out how

# What is said of one kind of operation goes before these …
_IN_GENERAL: dict[str, Callable[[Facts], Fact]] = {
    **{field: _name(field) for field in ("column", "name", "new_name")},
    **{field: _word(field) for field in ("object_type", "reason", "statement", "unique")},
    "row_work": _row_work,
    "relation": _of_table(lambda facts: str(facts.relation), ""),
    "table": _of_table(_as_written, ""),
    "column_is_new": _of_table(_column_is_new, without=False),
    "temporary": _of_table(lambda facts: facts.owner.schema == "pg_temp", without=False),
}
# … and has nothing to say on these, which are found out without asking.
_OF_EVERY_KIND: dict[str, Callable[[Facts], Fact]] = {
    **{field: _word(field) for field in ("concurrently", "if_exists", "if_not_exists", "cascade", "only", "full")},
    "from_query": _word("from_query"),
    **{field: _list(field) for field in ("assigned_twice", "truncated")},
    "lock": lambda facts: _sql(_mode(facts)),
    "blocks": lambda facts: _stopped_by(_mode(facts)),
    "held_lock": lambda facts: _sql(_held(facts)),
    "held_blocks": lambda facts: _stopped_by(_held(facts)),
    "rewrites": lambda facts: bool(facts.effects.rewrites),
    "scans": lambda facts: bool(facts.effects.scans),
    "builds_index": lambda facts: facts.effects.builds_index,
    "refuses_transaction": lambda facts: facts.effects.refuses_transaction,
    "analysed": lambda facts: not facts.effects.unknown,
    "in_transaction": lambda facts: facts.at.state.in_transaction,
    "transaction_of": lambda facts: facts.at.state.transaction_of,
    "transaction": _transaction,
    "waits_before": lambda facts: facts.at.state.waits,
    "tool": lambda facts: facts.at.state.terms.tool,
    "transaction_ends": lambda facts: facts.at.state.transaction_ends,
    "held_exclusively": _held_exclusively,
    "held_elsewhere": _held_elsewhere,
    "lock_timeout": _lock_timeout,
    **{name: _of_timeouts(name) for name in ("misses_lock_timeout", "misses_statement_timeout", "waits_for")},
    "enum_value": lambda facts: facts.told(_earlier).get("enum_value", ""),
    "object_is_new": lambda facts: is_new_object(facts.operation, facts.at),
    "table_is_new": _of_table(lambda facts: facts.at.state.is_new(facts.owner), without=False),
    "unlogged": _of_table(_is_unlogged, without=False),
    "partitioned": _of_table(_is_partitioned, without=False),
    "additive": lambda facts: not breaks_old(facts.operation, facts.at),
    "breaks_old": lambda facts: breaks_old(facts.operation, facts.at),
}
