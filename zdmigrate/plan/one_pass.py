"""Several UPDATEs of one table as one, which goes through the table once and makes one new version of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.plan.clauses import Clauses
from zdmigrate.schema.operations import Update

if TYPE_CHECKING:
    from zdmigrate.schema.operations import Operation


def together(first: Operation, second: Operation) -> Update | None:
    """Both as one operation, where that changes what either would have changed; None where it might not.

    They work on the same rows of the same table, and the second reads nothing that the first writes: in one
    statement, every expression sees the row as it was.
    """
    if not (isinstance(first, Update) and isinstance(second, Update)) or first.sources or second.sources:
        return None
    if (first.relation, first.alias, first.only, _where(first)) != (
        second.relation, second.alias, second.only, _where(second),
    ):  # fmt: skip
        return None
    written = {each.column for each in first.assignments}
    if written & (_read(second) | {each.column for each in second.assignments}):
        return None
    return first.changed(assignments=first.assignments + second.assignments)


def joined(first: str, second: str) -> str | None:
    """The texts of two such UPDATEs as one statement; None for one that begins with WITH."""
    one, other = Clauses(first), Clauses(second)
    if one.words[0].text != "update" or other.words[0].text != "update":
        return None
    where = f"\nWHERE {one.after('where')}" if one.find("where") else ""
    # A comma of its own line: what is before it may end in a comment.
    return f"{one.before('where')}\n, {other.after('set', 'where')}{where}"


def _where(operation: Update) -> str | None:
    return operation.where.sql if operation.where else None


def _read(operation: Update) -> set[str]:
    expressions = [operation.where, *(each.expression for each in operation.assignments)]
    return {column for each in expressions if each is not None for column in each.columns}
