"""How INSERT … SELECT … ON CONFLICT DO NOTHING becomes one that reads ranges of its driving table's blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.plan.clauses import closed
from zdmigrate.plan.step import Backfill
from zdmigrate.schema.names import Name

if TYPE_CHECKING:
    from zdmigrate.plan.clauses import Clauses
    from zdmigrate.schema.operations import Insert

# What sees more of the driving table than one range: a group, a window, a limit, an outer join that keeps the others.
_WHOLE = ("group", "having", "window", "over", "union", "intersect", "except", "order", "limit", "offset", "with")
_WHOLE_JOINS = ("right", "full")
_ALIAS_ENDS = ("where", "on", ",", "join", "left", "inner", "cross", "natural", "for")


def insert_backfill(clauses: Clauses, operation: Insert, place: str) -> Backfill:
    """The batches of one INSERT. Raises InputError for one that sees more than a range at once.

    An aggregate does, too, and only the server knows which functions are one: the runner asks it
    (run/backfills/batch_plan.py).
    """
    _refuse(clauses, operation, place)
    table, alias, written = _driving(clauses)
    if table not in operation.sources:
        raise InputError(
            f"{place}: this INSERT cannot run in ranges: the first thing in its FROM is no table",
            hint="put the table to go through first",
        )
    end = _conflict(clauses)
    where = clauses.find("where")
    if where is not None and where.start > end:  # an index predicate of ON CONFLICT (…) WHERE
        where = None
    condition = f"\n  AND {closed(clauses.text[where.end : end].strip())}" if where else ""
    return Backfill(
        verb="insert",
        table=table,
        alias=alias,
        before=clauses.text[: written.start],
        relation=clauses.text[written.start : written.stop],
        after=f"{clauses.text[written.stop : where.start if where else end].rstrip()}\nWHERE ",
        tail=f"{condition}\n{clauses.text[end:]}",
        only=clauses.text[written.start : written.stop].lower().startswith("only"),
        names_table=table.schema is not None and clauses.qualifies(table.schema, table.name),
    )


def _refuse(clauses: Clauses, operation: Insert, place: str) -> None:
    whole = clauses.find(*_WHOLE, *_WHOLE_JOINS)
    if whole or not operation.sources or clauses.find("from") is None:
        reason = f"its {whole.text.upper()} sees the whole table at once" if whole else "it reads no table"
        raise InputError(
            f"{place}: this INSERT cannot run in ranges: {reason}",
            hint="compute in a subquery or a function for each row, or let the application fill the table",
        )
    if operation.on_conflict != "nothing":
        raise InputError(
            f"{place}: this INSERT is not harmless when it meets a row twice",
            hint="end it with ON CONFLICT DO NOTHING",
        )


def _conflict(clauses: Clauses) -> int:
    """Where ON CONFLICT begins: the ON that stands right before CONFLICT, not a join's."""
    words = clauses.words
    return next(
        words[i].start for i in range(len(words) - 1) if words[i].text == "on" and words[i + 1].text == "conflict"
    )


def _driving(clauses: Clauses) -> tuple[Name, str, slice]:
    """The first relation of FROM, what it is called there as written, and the text from ONLY to its alias."""
    start = next(i for i, word in enumerate(clauses.words) if word.text == "from") + 1
    words = clauses.words[start:]
    first = 1 if words[0].text == "only" else 0
    end = first + 1
    while end + 1 < len(words) and words[end].text == ".":
        end += 2
    parts = [word.text for word in words[first:end:2]]
    if end < len(words) and words[end].text == "as":
        end += 1
    aliased = end < len(words) and words[end].text not in _ALIAS_ENDS
    alias = words[end].text if aliased else parts[-1]
    written = slice(words[0].start, words[end if aliased else end - 1].end)
    schema = _plain(parts[-2]) if len(parts) > 1 else None
    return Name(schema, _plain(parts[-1])), alias, written


def _plain(word: str) -> str:
    """A name as PostgreSQL folds it."""
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
