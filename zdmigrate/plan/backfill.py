"""How a statement that would be right for the whole table becomes one that runs over ranges of its blocks.

The statement's own text is kept and a condition is written into it: what a reviewer read is what runs, and no
other program's idea of PostgreSQL's syntax stands between. ``docs/decisions/0004`` says why not by sqlglot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.plan.clauses import Clauses, closed
from zdmigrate.plan.insert_backfill import insert_backfill
from zdmigrate.plan.step import Backfill
from zdmigrate.schema.operations import Delete, Insert, Update
from zdmigrate.schema.volatility import is_known, volatility_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name
    from zdmigrate.schema.operations import Operation

    TypeOf = Callable[[Name, str], str | None]


def backfill_of(
    text: str, operation: Operation, type_of: TypeOf, place: str, catalog: Catalog, batch: int | None = None
) -> Backfill:
    """The batches of one UPDATE, DELETE or INSERT … SELECT.

    ``place`` is ``path:line`` for errors; ``type_of`` gives a column's type as SQL, or None where nobody knows it;
    ``catalog`` knows which functions give each row another value.
    Raises InputError for a statement that cannot be cut into ranges, or whose end could not be verified.
    """
    clauses = Clauses(text)
    if clauses.find("returning"):
        raise InputError(f"{place}: a backfill returns no rows to anybody", hint="leave RETURNING out")
    match operation:
        case Update():
            backfill = _update(clauses, operation, type_of, place, catalog)
        case Delete():
            backfill = _delete(clauses, operation, place)
        case Insert(from_query=True):
            backfill = insert_backfill(clauses, operation, place)
        case _:
            raise InputError(
                f"{place}: a backfill section holds UPDATE, DELETE or INSERT … SELECT, not {operation.kind}",
                hint="put it into an expand section",
            )
    return backfill.changed(batch=batch)


def _update(clauses: Clauses, operation: Update, type_of: TypeOf, place: str, catalog: Catalog) -> Backfill:
    table = _table(operation, place)
    alias = _quoted(operation.alias or table.name)
    where = clauses.after("where") or "true"
    unsaid = _assigns_parts(clauses) or _draws_values(operation, catalog)
    guard = None if unsaid else _guard(operation, table, alias, type_of)
    if guard is None and where == "true":
        raise InputError(
            f"{place}: nothing tells which rows of {table} are already right, so the backfill could not be verified",
            hint="assign each column an expression of its own, or add a WHERE that a filled row does not match",
        )
    condition = f"{closed(where)}\n  AND ({guard})" if guard else closed(where)
    source = clauses.after("from", "where")
    before, relation, after = clauses.around("update", "set")
    return Backfill(
        verb="update",
        table=table,
        alias=alias,
        before=before,
        relation=relation,
        after=after,
        tail=f"\n  AND {condition}",
        source=_joined(clauses.after("update", "set"), source),
        condition=condition,
        guarded=guard is not None,
        only=operation.only,
        names_table=table.schema is not None and clauses.qualifies(table.schema, table.name),
        assigned=tuple(each.column for each in operation.assignments),
    )


def _delete(clauses: Clauses, operation: Delete, place: str) -> Backfill:
    table = _table(operation, place)
    where = clauses.after("where") or "true"
    before, relation, after = clauses.around("from", "using", "where")
    return Backfill(
        verb="delete",
        table=table,
        alias=_quoted(operation.alias or table.name),
        before=before,
        relation=relation,
        after=after,
        tail=f"\n  AND {closed(where)}",
        source=_joined(clauses.after("from", "using", "where"), clauses.after("using", "where")),
        condition=closed(where),
        only=operation.only,
        names_table=table.schema is not None and clauses.qualifies(table.schema, table.name),
    )


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
        value = f"CAST({closed(assignment.expression.sql)} AS {kind})"
        terms.append(f"(ROW({target})::record) OPERATOR(pg_catalog.*<>) (ROW({value})::record)")
    return "\n    OR ".join(terms)


def _draws_values(operation: Update, catalog: Catalog) -> bool:
    """Whether an expression gives another value at each call: a guard would call nextval once more for every row."""
    calls = [call for each in operation.assignments if each.expression for call in each.expression.calls]
    return any(volatility_of(call, catalog) == "volatile" for call in calls if is_known(call, catalog))


def _joined(relation: str, source: str) -> str:
    return f"{relation}\n  , {source}" if source else relation  # a comment may end the relation's line


def _assigns_parts(clauses: Clauses) -> bool:
    """Whether a target is an element or a field (``a[1] = …``, ``a.b = …``), which has no image of its own."""
    end = clauses.find("from", "where")  # behind them, a = is a comparison
    words = [word for word in clauses.words if end is None or word.start < end.start]
    return any(
        word.text == "=" and (words[place - 1].text == "]" or words[place - 2].text == ".")
        for place, word in enumerate(words)
        if place >= 2
    )


def _table(operation: Operation, place: str) -> Name:
    if operation.relation is None:
        raise InputError(f"{place}: a backfill works on one table")
    return operation.relation


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
