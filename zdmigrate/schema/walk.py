"""The one loop over a change's statements: what each operation costs, and the facts that rules match on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from zdmigrate.schema.agenda import CALLING, Agenda
from zdmigrate.schema.effects import Effects, effects_of
from zdmigrate.schema.effects.claim import NONE, Locks, Situation, strongest
from zdmigrate.schema.facts import Facts
from zdmigrate.schema.facts_of_design import columns_of_index
from zdmigrate.schema.state import MAKING_OBJECTS, TURNS, ScriptState, Terms, TransactionState, object_made
from zdmigrate.schema.timeouts import waited_for
from zdmigrate.schema.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from zdmigrate.schema.agenda import Part
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name, Span
    from zdmigrate.schema.operations import Operation

    Costs = Callable[[Operation, Situation], Effects]


class StatementLike(Protocol):
    """What this room sees of a statement: it knows no SQL."""

    @property
    def span(self) -> Span: ...

    @property
    def operations(self) -> tuple[Operation, ...]: ...


class Analysed(NamedTuple):
    """One operation, what it costs, and what rules may know of it. ``catalog`` is the schema that it leaves."""

    statement: StatementLike
    section: str
    operation: Operation
    effects: Effects
    facts: Facts
    catalog: Catalog


class _Step(NamedTuple):
    """An operation in the situation before it, and the schema after it."""

    operation: Operation
    part: Part
    at: Situation
    effects: Effects
    waited: Sequence[Name]  # for whose strong locks it has to wait
    after: Catalog


class _By(NamedTuple):
    """What costs are found by, and where schemas may be known already."""

    costs: Costs
    trail: Trail


def analyse(
    statements: Sequence[tuple[str, StatementLike]],
    catalog: Catalog,
    major: int,
    *,
    transactions: Mapping[str, str] | None = None,
    terms: Terms = Terms(),  # noqa: B008 - it is frozen
    trail: Trail | None = None,
) -> Iterator[Analysed]:
    """The operations of one change in order; ``statements`` are pairs of a section ("" for none) and a statement.

    ``transactions`` says by section what the tool that runs it puts around its statements: "tool" for a BEGIN that is
    not written, "message" for one message, in which PostgreSQL begins anew behind a written COMMIT. ``trail`` is what
    ``schema_left`` has left, if it was asked before.
    """
    state = ScriptState(terms=_looking_ahead(terms, statements))
    by = _By(effects_of, trail or Trail())
    for place, steps in enumerate(_walked(statements, Situation(catalog, state, major), transactions or {}, by)):
        section, statement = statements[place]
        for step in steps if len(steps) == 1 else _beside_each_other(steps):
            at = step.at
            if step.operation.kind == "begin":
                at = at._replace(state=at.state.changed(transaction_ends=_is_ended(section, statements[place:])))
            facts = Facts(step.operation, at, step.effects, section, step.waited)
            yield Analysed(statement, section, step.operation, step.effects, facts, step.after)


def schema_left(
    statements: Sequence[tuple[str, StatementLike]],
    catalog: Catalog,
    transactions: Mapping[str, str],
    trail: Trail | None = None,
) -> Catalog:
    """The catalog of the last that ``analyse`` would give, which needs neither effects nor facts."""
    trail = trail or Trail()
    if not transactions and _follow_each_other(statements):
        return _schema_after(statements, catalog, trail)
    by = _By(lambda *_: NONE, trail)
    for steps in _walked(statements, Situation(catalog, TransactionState(), 0), transactions, by):
        catalog = steps[-1].after if steps else catalog
    return catalog


def _follow_each_other(statements: Sequence[tuple[str, StatementLike]]) -> bool:
    """Whether the operations are all that is done, in their order: none is taken back, and none calls others."""
    kinds = {operation.kind for _, statement in statements for operation in statement.operations}
    return kinds.isdisjoint(CALLING) and kinds.isdisjoint(TURNS)


def _schema_after(statements: Sequence[tuple[str, StatementLike]], catalog: Catalog, trail: Trail) -> Catalog:
    current = None
    for section, statement in statements:
        if section != current:
            catalog, current = catalog.rested(), section
        for operation in statement.operations:
            catalog = trail.follow(operation, catalog)
    return catalog


def _walked(
    statements: Sequence[tuple[str, StatementLike]], at: Situation, around: Mapping[str, str], by: _By
) -> Iterator[list[_Step]]:
    """The operations of each statement, from section to section and through their transactions."""
    current = None
    catalog, state, major = at
    for place, (section, statement) in enumerate(statements):
        if section != current:
            state, catalog, current = state.in_section(section), catalog.rested(), section
            if section in around:
                state = _begun(state, statements[place:], catalog, around[section])
        was_in_transaction = state.in_transaction
        steps, catalog, state = _steps(statement, Situation(catalog, state, major), by)
        yield steps
        state = state.at_rest()
        begins = state.in_transaction and not was_in_transaction
        if begins or (around.get(section) == "message" and not state.in_transaction):
            state = _begun(state, statements[place + 1 :], catalog, around.get(section, "file"))


_AHEAD = frozenset(("create_index", "add_unique", "add_primary_key", "create_table"))


def _looking_ahead(terms: Terms, statements: Sequence[tuple[str, StatementLike]]) -> Terms:
    made = [done for _, statement in statements for done in statement.operations if done.kind in _AHEAD]
    indexes = (
        (operation.relation, columns)
        for operation in made
        if operation.relation is not None and (columns := columns_of_index(operation))
    )
    tables = (operation.relation for operation in made if operation.kind == "create_table" and operation.relation)
    return terms._replace(indexes_to_come=frozenset(indexes), tables_to_come=frozenset(tables))


def _begun(state: ScriptState, rest: Sequence[tuple[str, StatementLike]], catalog: Catalog, by: str) -> ScriptState:
    to_come = list(_rest_of_transaction(rest))
    views = (made.relation for made in to_come if made.kind in ("create_view", "create_materialized_view"))
    return state.begun(catalog, by).changed(
        views_to_come=frozenset(catalog.new_name(view) for view in views if view is not None),
        objects_to_come=_objects_made(to_come),
    )


def _objects_made(operations: Iterable[Operation]) -> frozenset[tuple[str, str]]:
    """What these make, and of columns the defaults that they leave: SET DEFAULT may come before DROP DEFAULT."""
    made: set[tuple[str, str]] = set()
    for operation in operations:
        if operation.kind in MAKING_OBJECTS:
            made.add(object_made(operation))
        elif operation.kind == "drop_default":
            made.discard(object_made(operation))
    return frozenset(made)


def _steps(statement: StatementLike, at: Situation, by: _By) -> tuple[list[_Step], Catalog, ScriptState]:
    """The statement's operations, each seen from where the one before it has led; a body is one transaction."""
    catalog, state, major = at
    several = len(statement.operations) > 1
    if not several and statement.operations and statement.operations[0].kind not in CALLING:  # as most statements
        step, state = _step(statement.operations[0], (0, statement.operations[0].within), at, by, several)
        return [step], step.after, state
    steps, agenda = [], Agenda(statement.operations)
    around = state
    made = _objects_made(statement.operations) if several and not state.in_transaction else None
    if made:
        state = state.changed(objects_to_come=made)
    while agenda:
        operation, part = agenda.take()
        step, state = _step(operation, part, Situation(catalog, state, major), by, several)
        steps.append(step)
        catalog = step.after
        if agenda.enter(operation, catalog) and not state.in_transaction:
            state = _begun(state, [("", statement)], catalog, "body")
    if state.transaction_of == "body" and not around.in_transaction:
        state = state.ended().changed(transaction_of=around.transaction_of)
    if made and not state.in_transaction:
        state = state.changed(objects_to_come=around.objects_to_come)
    return steps, catalog, state


def _step(operation: Operation, part: Part, at: Situation, by: _By, several: bool) -> tuple[_Step, ScriptState]:
    """One operation, and the state that it leaves; ``several``: other clauses of its statement take locks with it."""
    catalog, state, _ = at
    effects = by.costs(operation, at)
    waited = waited_for(effects, at) if effects.locks else ()
    mark = state.mark_of(operation) if state.marks else None
    after = by.trail.after(operation, catalog) if mark is None else mark.catalog
    left = state.after(operation, effects, catalog, waited, lasts=several or state.in_transaction)
    return _Step(operation, part, at, effects, waited, after), left


def _beside_each_other(steps: list[_Step]) -> Iterator[_Step]:
    """The clauses of one statement, each knowing what the others lock, and which columns get other types with it."""
    if not any(step.effects.locks for step in steps):
        yield from steps
        return
    retyped = _retyped(steps)
    for step, beside in zip(steps, _locked_beside(steps), strict=True):
        known = {"retyped": retyped} if retyped and step.operation.kind == "alter_column_type" else {}
        yield step._replace(at=step.at._replace(state=step.at.state.changed(beside=beside, **known)))


def _retyped(steps: list[_Step]) -> tuple[str, ...]:
    """The columns of which one ALTER TABLE changes the types at the rows' cost, what costs most first."""
    clauses = (step for step in steps if step.operation.kind == "alter_column_type" and step.operation.within is None)
    costly = [step for step in clauses if step.effects.rewrites or step.effects.scans]
    costly.sort(key=lambda step: not step.effects.rewrites)
    return tuple(str(vars(step.operation)["column"]) for step in costly)


def _locked_beside(steps: list[_Step]) -> list[Locks]:
    """For each the locks of the statement's other clauses: it takes them all at its start.

    The statements of a body take theirs one after the other.
    """
    parts: dict[Part, list[Locks]] = {}
    for step in steps:
        parts.setdefault(step.part, []).append(step.effects.locks)
    others = {part: _of_the_others(locks) for part, locks in parts.items()}
    return [next(others[step.part]) for step in steps]


def _of_the_others(locks: list[Locks]) -> Iterator[Locks]:
    """For each of some clauses the locks of all but itself."""
    behind: list[Locks] = [{}]
    for clause in reversed(locks[1:]):
        behind.append(strongest(behind[-1], clause))
    before: Locks = {}
    for clause in locks:
        yield strongest(before, behind.pop())
        before = strongest(before, clause)


_ENDING = ("commit", "rollback", "prepare_transaction")


def _is_ended(section: str, statements: Sequence[tuple[str, StatementLike]]) -> bool:
    """Whether the section ends what the first of these begins."""
    return any(
        operation.kind in _ENDING
        for other, statement in statements
        if other == section
        for operation in statement.operations
    )


def _rest_of_transaction(statements: Sequence[tuple[str, StatementLike]]) -> Iterator[Operation]:
    for _, statement in statements:
        for operation in statement.operations:
            if operation.kind in ("commit", "rollback"):
                return
            yield operation
