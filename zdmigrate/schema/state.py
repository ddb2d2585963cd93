"""What earlier statements of a change made true: a transaction, its locks, settings, what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.schema.constraints import constraint_name
from zdmigrate.schema.earlier import Earlier
from zdmigrate.schema.effects.claim import strongest
from zdmigrate.schema.names import Name
from zdmigrate.schema.timeouts import newly_missed
from zdmigrate.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zdmigrate.schema import operations as ops
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.effects import Effects
    from zdmigrate.schema.lock_modes import LockMode


class Terms(NamedTuple):
    """What holds for a whole change: what is known of how it is run, and of what it will have made."""

    lock_budget: int = 0  # milliseconds; 0 for none
    sets_timeouts: bool = False  # the runner sets lock_timeout itself
    tool: str = ""  # whose file it is: flyway, goose … (sources/detect.py)
    indexes_to_come: frozenset[tuple[Name, tuple[str, ...]]] = frozenset()  # tables and key columns, as written
    tables_to_come: frozenset[Name] = frozenset()  # as written


class Mark(Value):
    """What a ROLLBACK goes back to; ``savepoint`` is None for that of the whole transaction."""

    savepoint: str | None
    catalog: Catalog
    state: ScriptState


class ScriptState(Value):
    """The state before a statement.

    ``held`` are the locks taken since BEGIN; ``settings`` are those that SET left, by lower-case name, and ``lasting``
    those of them that stay when the transaction ends.
    What is new was made by this change, in a section whose data no app has yet: in contract and revert, which
    run weeks later, nothing is new any more. ``objects`` are (kind of object, its name in lower case).
    """

    section: str = ""
    in_transaction: bool = False
    transaction_of: str = ""  # who began it: file, tool or message; body where it is that of a DO or a call
    transaction_ends: bool = True  # for a BEGIN: the section ends what it begins
    held: dict[Name, LockMode] = {}  # noqa: RUF012 - a Value's defaults are never changed
    waits: int = 0  # how many operations since BEGIN, or of the statement, have asked for another strong lock
    settings: dict[str, str] = {}  # noqa: RUF012
    lasting: dict[str, str] = {}  # noqa: RUF012
    missed: frozenset[str] = frozenset()  # timeouts that an earlier statement of the section did without
    beside: dict[Name, LockMode] = {}  # noqa: RUF012 - what other clauses of the statement lock
    terms: Terms = Terms()
    relations: frozenset[Name] = frozenset()
    columns: frozenset[tuple[Name, str]] = frozenset()
    constraints: frozenset[tuple[Name, str]] = frozenset()
    objects: frozenset[tuple[str, str]] = frozenset()
    retyped: tuple[str, ...] = ()  # the columns to which this statement gives other types in one pass over the rows
    views_to_come: frozenset[Name] = frozenset()  # made later in the open transaction
    objects_to_come: frozenset[tuple[str, str]] = frozenset()
    marks: tuple[Mark, ...] = ()
    earlier: Earlier = Earlier()

    def in_section(self, section: str) -> ScriptState:
        """The state at the start of a section: each has a session of its own."""
        if section in ("contract", "revert"):
            return type(self)(section=section, terms=self.terms)
        left = self.changed(section=section, in_transaction=False, transaction_of="", held={}, marks=())
        return left.changed(settings={}, lasting={}, missed=frozenset())

    def begun(self, catalog: Catalog, by: str = "file") -> ScriptState:
        """The state once a transaction has begun, by BEGIN or by the tool that runs the change."""
        if self.in_transaction:
            return self
        mark = Mark(savepoint=None, catalog=catalog, state=self)
        begun = self.changed(in_transaction=True, transaction_of=by, held={}, waits=0, marks=(mark,))
        return begun.changed(settings=self.lasting)

    @property
    def held_together(self) -> dict[Name, LockMode]:
        """What is held when a clause of a statement runs: it takes the locks of all its clauses at its start."""
        return strongest(self.held, self.beside) if self.beside else self.held

    def after(
        self, operation: ops.Operation, effects: Effects, catalog: Catalog, waited: Sequence[Name], *, lasts: bool
    ) -> ScriptState:
        """The state once ``operation`` has run; ``catalog`` is the one before it, ``waited`` for whose locks it waits.

        ``lasts``: its locks outlive it, because of a transaction, or of more clauses of its statement.
        """
        if self.marks and (mark := self.mark_of(operation)) is not None:
            return mark.state.ended() if mark.savepoint is None else mark.state.changed(marks=(*mark.state.marks, mark))
        left_by = _LEFT_BY.get(operation.kind)
        left = self if left_by is None else left_by(self, operation, catalog)
        new: dict[str, Any] = {}
        if lasts and effects.locks:
            new |= {"held": strongest(left.held, effects.locks), "waits": left.waits + bool(waited)}
        if effects.creates:
            new["relations"] = left.relations.union(effects.creates)
        if missed := newly_missed(operation, self, waited):
            new["missed"] = left.missed | missed
        alone = effects.refuses_transaction
        earlier = left.earlier.after(operation, catalog, in_transaction=self.in_transaction, alone=alone)
        if earlier is not left.earlier:
            new["earlier"] = earlier
        return left.changed(**new) if new else left

    def ended(self) -> ScriptState:
        """The state once the transaction has ended."""
        none: frozenset[Any] = frozenset()
        left = self.changed(in_transaction=False, transaction_of="", held={}, marks=(), waits=0)
        left = left.changed(views_to_come=none, objects_to_come=none)
        return left.changed(earlier=self.earlier.committed())

    def at_rest(self) -> ScriptState:
        """The state once a statement is done: without a transaction its locks are gone, and what SET LOCAL said."""
        left = self if (earlier := self.earlier.rested()) is self.earlier else self.changed(earlier=earlier)
        if self.in_transaction or not (self.held or self.settings != self.lasting):
            return left
        return left.changed(held={}, settings=self.lasting, waits=0)

    def mark_of(self, operation: ops.Operation) -> Mark | None:
        """What a rollback goes back to; None for every other operation."""
        if operation.kind == "rollback":
            return self.marks[0] if self.marks else None
        if operation.kind != "rollback_to_savepoint":
            return None
        wanted = getattr(operation, "name", None)
        return next((mark for mark in reversed(self.marks) if mark.savepoint == wanted), None)

    def is_new(self, relation: Name) -> bool:
        """Whether no live app can have rows in the relation: made by this change, or temporary."""
        return relation in self.relations or relation.schema == "pg_temp"


def _begun(state: ScriptState, operation: ops.Operation, catalog: Catalog) -> ScriptState:
    return state.begun(catalog)


def _committed(state: ScriptState, operation: ops.Operation, catalog: Catalog) -> ScriptState:
    return state.ended()


def _saved(state: ScriptState, operation: ops.Savepoint, catalog: Catalog) -> ScriptState:
    mark = Mark(savepoint=operation.name, catalog=catalog, state=state)
    return state.changed(marks=(*state.marks, mark))


def _set(state: ScriptState, operation: ops.SetVariable, catalog: Catalog) -> ScriptState:
    if operation.name.lower() == "all":
        return state.changed(settings={}, lasting={})
    settings = _with_setting(state.settings, operation)
    if operation.local:
        return state.changed(settings=settings)
    lasting = settings if state.settings == state.lasting else _with_setting(state.lasting, operation)
    return state.changed(settings=settings, lasting=lasting)


def _with_setting(settings: dict[str, str], operation: ops.SetVariable) -> dict[str, str]:
    name = operation.name.lower()
    others = {key: value for key, value in settings.items() if key != name}
    return others if operation.value is None else {**others, name: operation.value}


def _column_added(state: ScriptState, operation: ops.AddColumn, catalog: Catalog) -> ScriptState:
    table = catalog.resolve(operation.relation or Name(None, ""))
    if operation.if_not_exists and catalog.column(table, operation.column.name) is not None:
        return state
    return state.changed(columns=state.columns | {(table, operation.column.name)})


def _column_renamed(state: ScriptState, operation: ops.RenameColumn, catalog: Catalog) -> ScriptState:
    table = catalog.resolve(operation.relation or Name(None, ""))
    if (table, operation.column) not in state.columns:
        return state
    return state.changed(columns=state.columns - {(table, operation.column)} | {(table, operation.new_name)})


def _column_dropped(state: ScriptState, operation: ops.DropColumn, catalog: Catalog) -> ScriptState:
    table = catalog.resolve(operation.relation or Name(None, ""))
    return state.changed(columns=state.columns - {(table, operation.column)})


def _constraint_added(state: ScriptState, operation: ops.AddConstraint, catalog: Catalog) -> ScriptState:
    table = catalog.table_or_new(operation.relation or Name(None, ""))
    name = constraint_name(operation.constraint, table, catalog)
    return state.changed(constraints=state.constraints | {(table.name, name)})


def _relation_dropped(state: ScriptState, operation: ops.DropRelation, catalog: Catalog) -> ScriptState:
    return state.changed(relations=state.relations - {catalog.resolve(operation.relation or Name(None, ""))})


def _relation_renamed(state: ScriptState, operation: ops.RenameRelation, catalog: Catalog) -> ScriptState:
    old = catalog.resolve(operation.relation or Name(None, ""))
    return _moved(state, old, Name(old.schema, operation.new_name))


def _relation_moved(state: ScriptState, operation: ops.SetSchema, catalog: Catalog) -> ScriptState:
    old = catalog.resolve(operation.relation or Name(None, ""))
    return _moved(state, old, Name(operation.name, old.name))


def _moved(state: ScriptState, old: Name, new: Name) -> ScriptState:
    if old not in state.relations:
        return state
    columns = frozenset((new if table == old else table, column) for table, column in state.columns)
    constraints = frozenset((new if table == old else table, name) for table, name in state.constraints)
    relations = state.relations - {old} | {new}
    return state.changed(relations=relations, columns=columns, constraints=constraints)


MAKING_OBJECTS = (
    *("create_object", "create_domain", "create_function", "create_trigger", "enable_trigger"),
    *("set_default", "add_identity"),  # a column's default
)


def object_made(operation: Any) -> tuple[str, str]:
    """What one of MAKING_OBJECTS makes, or a default's end takes: its kind and its name."""
    if operation.kind == "create_function":
        return ("procedure" if operation.procedure else "function", str(operation.name))
    if operation.kind in ("create_trigger", "enable_trigger"):
        return ("trigger", f"{operation.relation}.{operation.name}")
    if operation.kind in ("set_default", "drop_default", "drop_identity", "add_identity"):
        return ("default", f"{operation.relation}.{operation.column}")
    return (operation.object_type, str(operation.name))


def _is_replaced(operation: Any, catalog: Catalog) -> bool:
    """Whether CREATE OR REPLACE meets a function that was there before."""
    return operation.kind == "create_function" and operation.replace and bool(catalog.routines_of(operation.name))


def _object_made(state: ScriptState, operation: ops.Operation, catalog: Catalog) -> ScriptState:
    if _is_replaced(operation, catalog):
        return state
    return state.changed(objects=state.objects | {object_made(operation)})


def _made_on_table(state: ScriptState, operation: ops.TableObject, catalog: Catalog) -> ScriptState:
    kind = operation.kind.removeprefix("create_")
    return state.changed(objects=state.objects | {(kind, f"{operation.relation}.{operation.name}")})


_LEFT_BY: dict[str, Callable[[ScriptState, Any, Catalog], ScriptState]] = {
    "begin": _begun,
    "commit": _committed,
    "rollback": _committed,
    "prepare_transaction": _committed,
    "savepoint": _saved,
    "set_variable": _set,
    "add_column": _column_added,
    "rename_column": _column_renamed,
    "drop_column": _column_dropped,
    "add_check": _constraint_added,
    "add_not_null": _constraint_added,
    "add_unique": _constraint_added,
    "add_primary_key": _constraint_added,
    "add_foreign_key": _constraint_added,
    "add_exclusion": _constraint_added,
    "drop_table": _relation_dropped,
    "drop_view": _relation_dropped,
    "drop_materialized_view": _relation_dropped,
    "drop_index": _relation_dropped,
    "drop_sequence": _relation_dropped,
    "rename_table": _relation_renamed,
    "rename_view": _relation_renamed,
    "rename_index": _relation_renamed,
    "rename_sequence": _relation_renamed,
    "set_schema": _relation_moved,
    "create_object": _object_made,
    "create_domain": _object_made,
    "create_function": _object_made,
    "create_trigger": _made_on_table,
    "create_policy": _made_on_table,
    "create_rule": _made_on_table,
}


class TransactionState(ScriptState):
    """Of the state only what a rollback goes back to: all that it takes to follow the schema."""

    def after(
        self, operation: ops.Operation, effects: Effects, catalog: Catalog, waited: Sequence[Name], *, lasts: bool
    ) -> ScriptState:
        """The same where a transaction begins or ends; every other operation leaves nothing."""
        return super().after(operation, effects, catalog, waited, lasts=lasts) if operation.kind in TURNS else self


TURNS = frozenset(("begin", "commit", "rollback", "prepare_transaction", "savepoint", "rollback_to_savepoint"))
