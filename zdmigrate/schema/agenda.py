"""What a statement does in its order: its own operations, and behind a call those of what it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.schema.volatility import is_built_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zdmigrate.schema.catalog import Catalog
    from zdmigrate.schema.names import Name, Span
    from zdmigrate.schema.operations import CreateFunction, Operation

# which statement of which body an operation is of: the clauses of one are one part
Part = tuple[int, "Span | None"]


CALLING = frozenset(("call", "select", "do"))  # what may do what stands elsewhere


class Agenda:
    """The operations that are still to come. What is called twice is told once: that is the most it can do."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._pending: list[tuple[Operation, Part]] = [(done, (0, done.within)) for done in operations[::-1]]
        self._told: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._pending)

    def take(self) -> tuple[Operation, Part]:
        return self._pending.pop()

    def enter(self, operation: Operation, catalog: Catalog) -> bool:
        """Put what ``operation`` calls before everything else; whether it is code, which is one transaction."""
        if operation.kind not in ("call", "select"):
            return operation.kind == "do"
        behind: list[tuple[Operation, Part]] = []
        for function in routines_called(operation, catalog):
            if id(function) not in self._told and function.does is not None:
                self._told.add(id(function))
                behind += [
                    (done.changed(span=operation.span, within=operation.within), (id(function), done.within))
                    for done in function.does.operations
                ]
        self._pending += reversed(behind)
        return bool(behind)


def routines_called(operation: Operation, catalog: Catalog) -> Iterator[CreateFunction]:
    """The functions that a query names, or CALL's procedure, as far as history has made them.

    PostgreSQL lets a stable or an immutable function change nothing; a trigger's is called for rows.
    """
    for name in _calls(operation):
        for function in catalog.routines_of(name):
            if function.volatility == "volatile" and not function.returns_trigger:
                yield function


def unknown_calls(operation: Operation, catalog: Catalog) -> list[Name]:
    """What it calls that is neither PostgreSQL's own nor made by history."""
    return [name for name in _calls(operation) if not (catalog.routines_of(name) or is_built_in(name))]


def _calls(operation: Any) -> tuple[Name, ...]:
    if operation.kind == "call":
        return (operation.procedure,)
    return tuple(operation.calls) if operation.kind == "select" else ()
