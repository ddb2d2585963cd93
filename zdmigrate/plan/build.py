"""A change's sections become the steps of a phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zdmigrate.errors import InputError
from zdmigrate.plan.backfill import backfill_of
from zdmigrate.plan.hints import HINTS, NATIVE
from zdmigrate.plan.one_pass import joined, together
from zdmigrate.plan.refusals import refusal, refuse_psql_lines, refuse_unrendered, removes
from zdmigrate.plan.step import ALONE, BACKFILL, TRANSACTION, Plan, Step
from zdmigrate.plan.touched import cascades, detached_by, distinct, index_of, strongest
from zdmigrate.plan.version import empty_step, version_table
from zdmigrate.schema.operations import (
    AddColumn,
    Begin,
    Call,
    Cluster,
    Commit,
    DetachPartition,
    Do,
    Reindex,
    Select,
    SetVariable,
    Vacuum,
)
from zdmigrate.schema.walk import analyse
from zdmigrate.sources.change import read_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.plan.backfill import TypeOf
    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change, Section
    from zdmigrate.sql.script import Statement

_SERIALS = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
SECTIONS_OF = {"expand": ("expand", "backfill", ""), "contract": ("contract",), "revert": ("revert",)}


def build_plan(change: Change, phase: str, *, app: str, catalog: Catalog, major: int, type_of: TypeOf) -> Plan:
    """The steps of ``phase`` (expand, contract or revert), in order; empty where the change has no such section.

    Raises InputError with path and line for what a change file may not hold.
    """
    sections = [section for section in change.sections if section.name in SECTIONS_OF[phase]]
    files = {path: change if path == change.path else read_change(path) for path in {each.path for each in sections}}
    for file in files.values():
        refuse_psql_lines(file)
    analysed = _analysed(sections, catalog, major)
    steps: list[Step] = []
    for section in sections:
        steps += _Builder(section, files[section.path], analysed, _with_new_columns(change, type_of)).steps()
    table = version_table(change, phase)
    if table is not None and not steps:
        steps.append(empty_step(change, phase))
    numbered = tuple(step.changed(position=position) for position, step in enumerate(steps))
    return Plan(app=app, change=change.id, phase=phase, steps=numbered, path=change.path, version_table=table)


class _Fill(NamedTuple):
    """A backfill, of one statement or of several that go through their table together."""

    statements: list[Statement]
    operation: Operation
    text: str
    step: Step

    @property
    def verified(self) -> bool:
        """Whether each column tells by itself that it is right."""
        return self.step.backfill is not None and self.step.backfill.guarded


class _Builder:
    """Walks one section; keeps what a later statement needs to know of earlier ones: settings, an open BEGIN."""

    def __init__(self, section: Section, file: Change, analysed: dict[int, list[Analysed]], type_of: TypeOf) -> None:
        self.section = section
        self.path = section.path
        self.lines = file.lines
        self.allowed = {allow.rule for allow in file.allows if allow.reason}
        self.analysed = analysed
        self.type_of = type_of
        self.hints = HINTS.get(file.tool, NATIVE)
        self.settings: list[str] = []
        self.as_role = False
        self.kept: _Fill | None = None

    def steps(self) -> Iterator[Step]:
        """The section's steps; their positions are counted by the caller."""
        for statement in self.section.statements:
            self._refuse(statement)
            self._refuse_unmarked(statement)
            self._refuse_removal(statement)
        yield from self._as_one() if self.section.transaction else self._in_turn()

    def _as_one(self) -> Iterator[Step]:
        """All of them in the transaction that their tool puts around them."""
        for statement in self.section.statements:
            if isinstance(statement.operations[0], Begin | Commit):
                raise InputError(
                    f"{self._place(statement)}: BEGIN or COMMIT in the transaction that is around all of this",
                    hint=self.hints.leave_transaction,
                )
        if self.section.statements:
            yield self._step(list(self.section.statements), TRANSACTION)

    def _in_turn(self) -> Iterator[Step]:
        block: list[Statement] | None = None
        opened: Statement | None = None
        for statement in self.section.statements:
            first = statement.operations[0]
            if isinstance(first, Begin):
                block, opened = self._opened(statement, block), statement
            elif isinstance(first, Commit):
                yield from self._closed(statement, block)
                block = None
            elif block is not None:
                block.append(statement)
            elif isinstance(first, SetVariable):
                yield from self._flushed(None)
                self.settings.append(statement.text)
                self.as_role = self.as_role or first.name in ("role", "session_authorization")
            elif self.section.name == "backfill":
                yield from self._flushed(self._backfill(statement))
            else:
                yield self._single(statement)
        yield from self._flushed(None)
        if block is not None:
            raise InputError(
                f"{self._place(opened)}: BEGIN without COMMIT in "
                + (f"section {self.section.name}" if self.section.name else "this file"),
                hint="write COMMIT; after the last statement that belongs to it",
            )

    def _opened(self, statement: Statement, block: list[Statement] | None) -> list[Statement]:
        if block is not None:
            raise InputError(f"{self._place(statement)}: BEGIN within BEGIN", hint="write COMMIT; before it")
        return []

    def _closed(self, statement: Statement, block: list[Statement] | None) -> Iterator[Step]:
        if block is None:
            raise InputError(f"{self._place(statement)}: COMMIT without BEGIN", hint="write BEGIN; before the group")
        if block:
            yield self._step(block, TRANSACTION)

    def _flushed(self, following: _Fill | None) -> Iterator[Step]:
        """The backfill that was kept back, unless the one that follows goes through the table with it."""
        kept, self.kept = self.kept, following
        merged = self._merged(kept, following) if kept and following else None
        if merged:
            self.kept = merged
        elif kept:
            yield kept.step

    def _merged(self, first: _Fill, second: _Fill) -> _Fill | None:
        """Both in one pass over their table; None where each needs one of its own."""
        operation, text = together(first.operation, second.operation), joined(first.text, second.text)
        if operation is None or text is None or not (first.verified and second.verified):
            return None
        return self._fill([*first.statements, *second.statements], operation, text)

    def _single(self, statement: Statement) -> Step:
        alone = any(each.effects.refuses_transaction for each in self.analysed[id(statement)])
        if alone and not isinstance(statement.operations[0], Do | Call | Select):
            self._refuse_alone(statement)
            return self._step([statement], ALONE)
        return self._step([statement], TRANSACTION)

    def _refuse_alone(self, statement: Statement) -> None:
        """Raise InputError for what can be held to no lock budget, and for what breaks inserts half way."""
        match statement.operations[0]:
            case Vacuum(full=True) | Cluster() | Reindex(concurrently=False):
                raise InputError(
                    f"{self._place(statement)}: this locks out the app for as long as it takes, and cannot be bounded",
                    hint="leave it to a maintenance window; REINDEX has CONCURRENTLY",
                )
            case DetachPartition() if self.section.name == "expand":
                raise InputError(
                    f"{self._place(statement)}: interrupted, DETACH PARTITION CONCURRENTLY makes inserts fail",
                    hint="put it under -- zdmigrate: contract",
                )

    def _backfill(self, statement: Statement) -> _Fill:
        if self.as_role:
            raise InputError(f"{self._place(statement)}: a backfill runs as the role that writes the ledger")
        if len(self.analysed[id(statement)]) > 1:
            raise InputError(f"{self._place(statement)}: a backfill changes one table", hint="write one statement each")
        analysed = self.analysed[id(statement)][0]
        if analysed.facts.get("repeatable") is False:
            raise InputError(
                f"{self._place(statement)}: this statement is not harmless when it meets a row twice, as batches do",
                hint="zdmigrate explain backfill-not-repeatable",
            )
        return self._fill([statement], analysed.operation, statement.text)

    def _fill(self, statements: list[Statement], operation: Operation, text: str) -> _Fill:
        analysed = self.analysed[id(statements[0])][0]
        batch = self.section.options.get("batch")
        backfill = backfill_of(
            text,
            operation,
            lambda table, column: self.type_of(_resolved(table, analysed), column),
            self._place(statements[0]),
            analysed.catalog,
            int(batch) if batch else None,
        )
        backfill = backfill.changed(table=_resolved(backfill.table, analysed))
        step = self._step(statements, BACKFILL).changed(backfill=backfill)
        return _Fill(statements, operation, text, step)

    def _step(self, statements: list[Statement], mode: str) -> Step:
        analysed = [each for statement in statements for each in self.analysed[id(statement)]]
        if mode == TRANSACTION and (guilty := [each for each in analysed if each.effects.refuses_transaction]):
            raise InputError(
                f"{self._place(guilty[0].statement)}: PostgreSQL refuses this in a transaction",
                hint=self.hints.leave_transaction,
            )
        effects = [each.effects for each in analysed]
        return Step(
            position=0,
            section=self.section.name,
            mode=mode,
            path=self.path,
            line=self._line(statements[0]),
            statements=tuple(statement.text for statement in statements),
            settings=tuple(self.settings),
            sets=any(isinstance(each.operation, SetVariable) for each in analysed),
            locks=strongest(analysed),
            rewrites=distinct(name for effect in effects for name in effect.rewrites),
            scans=distinct(name for effect in effects for name in effect.scans),
            builds_index=any(effect.builds_index for effect in effects),
            unknown=any(effect.unknown for effect in effects) or any(map(cascades, analysed)),
            optional="optional" in self.section.options,
            index=index_of(statements[0]) if mode == ALONE else None,
            detaches=detached_by(statements[0]) if mode == ALONE else None,
        )

    def _refuse(self, statement: Statement) -> None:
        """Raise InputError for what cannot be run by anybody but psql, or would outlive its step."""
        place = self._place(statement)
        refuse_unrendered(statement, place)
        if statement.error is not None:
            raise InputError(f"{place}: {statement.error.message}", hint=f"zdmigrate lint {self.path}")
        for operation in statement.operations:
            if reason := refusal(operation):
                raise InputError(f"{place}: {reason[0]}", hint=reason[1])

    def _refuse_unmarked(self, statement: Statement) -> None:
        """A file without markers is taken as an expand, so it may only add."""
        breaks = [each.facts["breaks_old"] for each in self.analysed[id(statement)] if not each.facts["additive"]]
        if self.section.name == "" and breaks:
            raise InputError(
                f"{self._place(statement)}: {self.hints.unmarked}, and this statement does more than add: {breaks[0]}",
                state="nothing was run",
                hint=self.hints.mark,
            )

    def _refuse_removal(self, statement: Statement) -> None:
        """What removes or renames belongs behind the gate, also where nobody linted; an allow overrules."""
        for each in self.analysed[id(statement)] if self.section.name == "expand" else ():
            rule = each.operation.kind.replace("_", "-")
            if removes(each) and not {rule, "not-additive-in-expand"} & self.allowed:
                raise InputError(
                    f"{self._place(statement)}: an expand only adds, and this {rule} would be noticed by live versions",
                    state="nothing was run",
                    hint=self.hints.contract.format(rule=rule),
                )

    def _place(self, statement: Any) -> str:
        return f"{self.path}:{self._line(statement)}"

    def _line(self, statement: Any) -> int:
        return self.lines.position(statement.span.start)[0]


def _analysed(sections: list[Section], catalog: Catalog, major: int) -> dict[int, list[Analysed]]:
    """What each statement does, by the statement's id(); later sections know what earlier ones made."""
    statements = [(section.name, statement) for section in sections for statement in section.statements]
    found: dict[int, list[Analysed]] = {id(statement): [] for _, statement in statements}
    for each in analyse(statements, catalog, major):
        found[id(each.statement)].append(each)
    return found


def _resolved(table: Name, analysed: Analysed) -> Name:
    """A table with the schema that the search path in effect gives it."""
    return next((name for name in analysed.effects.locks if name.name == table.name), table)


def _with_new_columns(change: Change, type_of: TypeOf) -> TypeOf:
    """``type_of``, which also knows the columns that this change itself adds."""
    added = {
        (operation.relation.name, operation.column.name): _SERIALS.get(
            operation.column.type.name, operation.column.type.sql
        )
        for operation in change.operations()
        if isinstance(operation, AddColumn) and operation.relation
    }
    return lambda table, column: added.get((table.name, column)) or type_of(table, column)
