"""The facts of one operation: all that a rule's match or message may name (fact_table.py says what they mean)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from zdmigrate.schema.compatibility import breaks_old, is_new_object
from zdmigrate.schema.fact_table import DEFAULTS, FACTS
from zdmigrate.schema.facts_by_operation import FOUND_ALONE, OWN_FACTS
from zdmigrate.schema.facts_of_design import DESIGN_FACTS, NAMES_OF_DESIGN
from zdmigrate.schema.facts_of_earlier import NAMES_OF_EARLIER, facts_of_earlier
from zdmigrate.schema.facts_of_locks import OF_LOCKS, row_work
from zdmigrate.schema.names import Name
from zdmigrate.schema.spelling import short_name, spelled, spelled_list, spelled_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.effects.claim import Situation

__all__ = ["FACTS", "Facts"]

Fact = str | int | bool


class Facts(Mapping[str, Fact]):
    """Every fact of FACTS, for one operation before it runs.

    Each is found out when it is first asked for: a rule that looks for CONCURRENTLY need not know what an older
    version would notice, and most operations are done with after two or three facts.
    """

    def __init__(
        self, operation: ops.Operation, at: Situation, effects: Effects, section: str, waited: Sequence[Name] = ()
    ) -> None:
        self.operation: ops.Operation = operation
        self.at: Situation = at
        self.effects: Effects = effects
        self.waited: Sequence[Name] = waited  # the relations for whose strong locks it has to wait
        self._known: dict[str, Fact] = {
            "operation": operation.kind,
            "section": section,
            "major": at.major,
            "in_transaction": at.state.in_transaction,
            "analysed": not effects.unknown,
        }
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
        alone = FOUND_ALONE.get(self.operation.kind)
        if alone is not None and name in alone:
            return alone[name](self.operation, self.at)
        group = self.told(_GROUPS.get(name, _own))
        if name in group:
            self._known.update(group)
            return group[name]
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
    def settled(self) -> frozenset[str]:
        """Facts that can only be at their defaults, as far as this takes no more than a look at what there is."""
        state, earlier = self.at.state, self.at.state.earlier
        return _settled(
            not self.effects.locks,
            not self.waited,
            not state.waits,
            not (state.held or state.beside),
            not earlier.enum_values,
            not earlier.altered,
            not earlier.dropped,
            not self.operation.truncated,
            not self.effects.unknown,
        )

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
    found = OWN_FACTS.get(facts.operation.kind)
    return {} if found is None else found(facts.operation, facts.at)


def _design(facts: Facts) -> Mapping[str, Fact]:
    """All that its rules ask for; no other function has a say on these, so that the rest is known as well."""
    found = DESIGN_FACTS.get(facts.operation.kind)
    return _NO_DESIGN if found is None else {**_NO_DESIGN, **found(facts.operation, facts.at)}


_NO_DESIGN: Mapping[str, Fact] = {name: DEFAULTS[name] for name in NAMES_OF_DESIGN}


def _earlier(facts: Facts) -> Mapping[str, Fact]:
    return facts_of_earlier(facts.operation, facts.effects, facts.at)


_GROUPS: dict[str, Callable[[Facts], Mapping[str, Fact]]] = {
    **dict.fromkeys(NAMES_OF_DESIGN, _design),
    **dict.fromkeys(NAMES_OF_EARLIER, _earlier),
}


def _enum_value(facts: Facts) -> Fact:
    """Most changes add none, and are spared the others of its group."""
    return facts.told(_earlier).get("enum_value", "") if facts.at.state.earlier.enum_values else ""


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
    return lambda facts: spelled_list(names) if (names := vars(facts.operation).get(field)) else ""


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
    "row_work": row_work,
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
    **OF_LOCKS,
    "enum_value": _enum_value,
    "object_is_new": lambda facts: is_new_object(facts.operation, facts.at),
    "table_is_new": _of_table(lambda facts: facts.at.state.is_new(facts.owner), without=False),
    "unlogged": _of_table(_is_unlogged, without=False),
    "partitioned": _of_table(_is_partitioned, without=False),
    "additive": lambda facts: not breaks_old(facts.operation, facts.at),
    "breaks_old": lambda facts: breaks_old(facts.operation, facts.at),
}


# --------------------------------------------------------------------------- what is at its default


# What a look at the operation can find missing, in the order of ``settled``, and the facts that are about it.
_SETTLING: tuple[tuple[str, ...], ...] = (
    ("lock", "blocks"),
    ("misses_lock_timeout", "misses_statement_timeout", "waits_for"),
    ("waits_before",),
    ("held_lock", "held_blocks", "held_exclusively", "held_elsewhere", "validated_in_same_transaction"),
    ("enum_value",),
    ("altered_before",),
    ("cleared", "replaces"),
    ("truncated",),
    ("analysed",),
)


@cache
def _settled(*missing: bool) -> frozenset[str]:
    return frozenset(name for names, none in zip(_SETTLING, missing, strict=True) if none for name in names)
