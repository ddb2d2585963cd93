"""The steps of a change in Alembic's transactions: which statements share one, and which stand by themselves.

A revision is one transaction, which ``autocommit_block()`` interrupts. What one table's quick statements are may share
it. What takes time, what PostgreSQL refuses in a transaction, and what locks another table stands in a block of its
own: each statement there is its own transaction, as zdmigrate's own runner has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from zdmigrate.recipes.parts.phased import Said, Together
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zdmigrate.recipes.parts.merge import Section
    from zdmigrate.recipes.parts.phased import Step

Way = Literal["transaction", "autocommit", "backfill"]

# What changes the catalog alone, and of a table that another statement of these has locked already.
_QUICK = frozenset((
    "add_column", "drop_column", "set_default", "drop_default", "drop_not_null", "create_function", "create_trigger",
    "enable_trigger", "drop_trigger", "drop_object", "comment_on", "create_table", "create_index", "create_object",
    "create_enum", "rename_column", "drop_constraint", "set_statistics", "set_storage", "set_column_options",
))  # fmt: skip
_OF_NO_TABLE = frozenset(("create_function", "drop_object", "create_object", "create_enum"))


class Run(NamedTuple):
    """Statements that run in one way; ``why`` is about all of them. Those of a ``whole`` one stay together."""

    way: Way
    statements: tuple[Said, ...]
    why: str = ""
    whole: bool = False


class _Unit(NamedTuple):
    """A step, whether it may stand beside others in a transaction, and whose tables' locks it takes."""

    step: Step
    quick: bool
    tables: frozenset[str]


def runs_of(sections: Iterable[Section]) -> tuple[Run, ...]:
    """The runs of these sections' steps, in their order. No two transactions stand side by side."""
    runs: list[Run] = []
    for section in sections:
        if section.name == "backfill":
            runs += [Run("backfill", (said,)) for said in section.steps if isinstance(said, Said)]
        else:
            runs += [_run(group) for group in _grouped(map(_unit, section.steps))]
    return _told_apart(runs)


def _unit(step: Step) -> _Unit:
    statements = (step,) if isinstance(step, Said) else step.statements
    operations = [each for said in statements for read in read_script(said.sql).statements for each in read.operations]
    quick = all(each.kind in _QUICK and not getattr(each, "concurrently", False) for each in operations)
    tables = {str(each.relation) for each in operations if each.relation and each.kind not in _OF_NO_TABLE}
    return _Unit(step, quick and bool(operations), frozenset(tables))


def _grouped(units: Iterable[_Unit]) -> list[list[_Unit]]:
    """Neighbours that may share a transaction: quick ones that lock one table between them."""
    groups: list[list[_Unit]] = []
    for unit in units:
        if groups and _may_stand_together((*groups[-1], unit)):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return groups


def _may_stand_together(units: Sequence[_Unit]) -> bool:
    return all(unit.quick for unit in units) and len(frozenset().union(*(unit.tables for unit in units))) <= 1


def _run(group: Sequence[_Unit]) -> Run:
    is_whole = any(isinstance(unit.step, Together) for unit in group)
    is_transaction = is_whole or len(group) > 1 or group[0].quick
    why = group[0].step.why if len(group) == 1 and isinstance(group[0].step, Together) else ""
    statements = tuple(said for unit in group for said in _statements(unit.step, is_alone=len(group) == 1))
    return Run("transaction" if is_transaction else "autocommit", statements, why, is_whole)


def _statements(step: Step, *, is_alone: bool) -> tuple[Said, ...]:
    """Those of a step; the reason for being together goes to the first where others stand beside them."""
    if isinstance(step, Said):
        return (step,)
    if is_alone:
        return step.statements
    first, *others = step.statements
    return (first._replace(why="\n".join(filter(None, (step.why, first.why)))), *others)


def _told_apart(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Two transactions in turn have something between them that commits the first."""
    if len(runs) == 1 and len(runs[0].statements) == 1 and not _refuses_transactions(runs[0]):
        return (runs[0]._replace(way="transaction"),) if runs[0].way == "autocommit" else tuple(runs)
    apart = list(runs)
    for place in range(1, len(apart)):
        if apart[place - 1].way == apart[place].way == "transaction":
            at = place - 1 if apart[place].whole else place
            apart[at] = apart[at]._replace(way=apart[at].way if apart[at].whole else "autocommit")
    return tuple(_with_ends(_joined(apart)))


def _refuses_transactions(run: Run) -> bool:
    (statement,) = read_script(run.statements[0].sql).statements
    return any(getattr(each, "concurrently", False) for each in statement.operations)


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Neighbours of an autocommit block share it."""
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1].way == run.way == "autocommit":
            joined[-1] = joined[-1]._replace(statements=joined[-1].statements + run.statements)
        else:
            joined.append(run)
    return joined


def _with_ends(runs: Sequence[Run]) -> Iterable[Run]:
    """An empty block ends a transaction that another one follows."""
    for place, run in enumerate(runs):
        if place and runs[place - 1].way == run.way == "transaction":
            yield Run("autocommit", ())
        yield run
