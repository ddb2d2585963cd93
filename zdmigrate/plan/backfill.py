"""How a statement that would be right for the whole table becomes one that runs over ranges of its blocks.

The statement's own text is kept and a condition is written into it: what a reviewer read is what runs, and no
other program's idea of PostgreSQL's syntax stands between. ``docs/decisions/0004`` says why not by sqlglot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.plan.clauses import Clauses
from zdmigrate.plan.step import Backfill
from zdmigrate.schema.operations import Delete, Insert, Update

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation

    TypeOf = Callable[[Name, str], str | None]

_SELECT_ENDS = ("where", "group", "having", "window", "union", "intersect", "except", "order", "limit", "offset", "for")
_NO_RANGES = ("group", "having", "window", "union", "intersect", "except", "order", "limit", "offset", "with")


def backfill_of(text: str, operation: Operation, type_of: TypeOf, place: str, batch: int | None = None) -> Backfill:
    """The batches of one UPDATE, DELETE or INSERT … SELECT.

    ``place`` is ``path:line`` for errors; ``type_of`` gives a column's type as SQL, or None where nobody knows it.
    Raises InputError for a statement that cannot be cut into ranges, or whose end could not be verified.
    """
    clauses = Clauses(text)
    if clauses.find("returning"):
        raise InputError(f"{place}: a backfill returns no rows to anybody", hint="leave RETURNING out")
    match operation:
        case Update():
            backfill = _update(clauses, operation, type_of, place)
        case Delete():
            backfill = _delete(clauses, operation, place)
        case Insert(from_query=True):
            backfill = _insert(clauses, operation, place)
        case _:
            raise InputError(
                f"{place}: a backfill section holds UPDATE, DELETE or INSERT … SELECT, not {operation.kind}",
                hint="put it into an expand section",
            )
    return backfill.changed(batch=batch)


def _update(clauses: Clauses, operation: Update, type_of: TypeOf, place: str) -> Backfill:
    table = _table(operation, place)
    alias = _quoted(operation.alias or table.name)
    where = clauses.after("where") or "true"
    guard = _guard(operation, table, alias, type_of)
    if guard is None and where == "true":
        raise InputError(
            f"{place}: nothing tells which rows of {table} are already right, so the backfill could not be verified",
            hint="assign each column an expression of its own, or add a WHERE that a filled row does not match",
        )
    condition = f"({where})\n  AND ({guard})" if guard else f"({where})"
    source = clauses.after("from", "where")
    return Backfill(
        verb="update",
        table=table,
        alias=alias,
        head=f"{clauses.before('where')}\nWHERE ",
        tail=f"\n  AND {condition}",
        remaining=_count(clauses.after("update", "set"), source, condition),
    )


def _delete(clauses: Clauses, operation: Delete, place: str) -> Backfill:
    table = _table(operation, place)
    where = clauses.after("where") or "true"
    return Backfill(
        verb="delete",
        table=table,
        alias=_quoted(operation.alias or table.name),
        head=f"{clauses.before('where')}\nWHERE ",
        tail=f"\n  AND ({where})",
        remaining=_count(clauses.after("from", "using", "where"), clauses.after("using", "where"), f"({where})"),
    )


def _insert(clauses: Clauses, operation: Insert, place: str) -> Backfill:
    forbidden = clauses.find(*_NO_RANGES)
    if forbidden or not operation.sources or clauses.find("from") is None:
        reason = f"its {forbidden.text.upper()} sees the whole table at once" if forbidden else "it reads no table"
        raise InputError(f"{place}: this INSERT cannot run in ranges: {reason}")
    if operation.on_conflict != "nothing":
        raise InputError(
            f"{place}: this INSERT is not harmless when it meets a row twice",
            hint="end it with ON CONFLICT DO NOTHING",
        )
    end = _conflict(clauses)
    where = clauses.find("where")
    if where is not None and where.start > end:  # DO NOTHING takes none, but an index predicate before it does
        where = None
    condition = f"\n  AND ({clauses.text[where.end : end].strip()})" if where else ""
    return Backfill(
        verb="insert",
        table=operation.sources[0],
        alias=_driving_alias(clauses),
        head=f"{clauses.text[: where.start if where else end].rstrip()}\nWHERE ",
        tail=f"{condition}\n{clauses.text[end:]}",
        remaining=None,
    )


def _conflict(clauses: Clauses) -> int:
    """Where ON CONFLICT begins: the ON that stands right before CONFLICT, not a join's."""
    words = clauses.words
    return next(
        words[i].start for i in range(len(words) - 1) if words[i].text == "on" and words[i + 1].text == "conflict"
    )


def _driving_alias(clauses: Clauses) -> str:
    """What the first relation of FROM is called: its alias, or its name."""
    start = next(i for i, word in enumerate(clauses.words) if word.text == "from") + 1
    words = clauses.words[start:]
    name, position = words[0].text, 1
    while position + 1 < len(words) and words[position].text == ".":
        name, position = words[position + 1].text, position + 2
    if position < len(words) and words[position].text == "as":
        return words[position + 1].text
    ends = (*_SELECT_ENDS, "on", ",", "join", "left", "right", "inner", "cross", "natural", "full")
    return words[position].text if position < len(words) and words[position].text not in ends else name


def _guard(operation: Update, table: Name, alias: str, type_of: TypeOf) -> str | None:
    """The condition that some target differs from its expression, by image; None where that cannot be said.

    By image, because IS DISTINCT FROM fails on json and point, and does not see that 1.0 became 1.00 (measured).
    """
    terms = []
    for assignment in operation.assignments:
        kind = type_of(table, assignment.column)
        if assignment.expression is None or kind is None or assignment.expression.sql.lower() == "default":
            return None
        target = f"{alias}.{_quoted(assignment.column)}"
        value = f"CAST(({assignment.expression.sql}) AS {kind})"
        terms.append(f"(ROW({target})::record) OPERATOR(pg_catalog.*<>) (ROW({value})::record)")
    return "\n    OR ".join(terms)


def _count(relation: str, source: str, condition: str) -> str:
    return f"SELECT pg_catalog.count(*) FROM {relation}{', ' + source if source else ''}\nWHERE {condition}"


def _table(operation: Operation, place: str) -> Name:
    if operation.relation is None:
        raise InputError(f"{place}: a backfill works on one table")
    return operation.relation


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
