"""What an expand that did not come far would have made, and what stands there although it did not make it.

The revert of a half-done expand must undo what was done and nothing else: a table that was there before has the
name that a later step would have given, and DROP TABLE would not know the difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError
from zdmigrate.ledger.ledger import one
from zdmigrate.run.relations import quoted
from zdmigrate.schema.names import Name
from zdmigrate.schema.operations import AddColumn, CreateFunction, CreateIndex, CreateTable, CreateTrigger, CreateView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zdmigrate.ledger.connection import Connection
    from zdmigrate.plan.step import Plan, Step
    from zdmigrate.schema.operations import Operation
    from zdmigrate.sources.change import Change


class Made(NamedTuple):
    """Something that an operation makes: how to call it, and a query that says whether it is there.

    ``overloaded``: another one of that name may stand beside it, as a function of other arguments.
    """

    name: str
    query: str
    values: tuple[str, ...]
    overloaded: bool = False


_RELATION = "SELECT pg_catalog.to_regclass(%s) IS NOT NULL"
_COLUMN = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(%s)"
    " AND attname = %s AND NOT attisdropped)"
)
_TRIGGER = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass(%s) AND tgname = %s)"
)
# Of these arguments: another one of that name may stand beside it.
_FUNCTION = """
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_proc AS p
        WHERE p.proname = %s
          AND (%s = '' AND pg_catalog.pg_function_is_visible(p.oid) OR p.pronamespace::regnamespace::text = %s)
          AND %s = (SELECT coalesce(pg_catalog.string_agg(t.typname, ' ' ORDER BY a.place), '')
                    FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (oid, place)
                    JOIN pg_catalog.pg_type AS t ON t.oid = a.oid))
"""


def refuse_foreign(connection: Connection, change: Change, plan: Plan, begun: Iterable[int]) -> None:
    """Raise UsageError if something has a name that only a step of ``plan`` that was never begun would give."""
    done = set(begun)
    ours = {made for step in plan.steps if step.position in done for made in made_by(change, step)}
    for step in plan.steps:
        for made in made_by(change, step):
            if step.position not in done and made not in ours and one(connection, made.query, list(made.values))[0]:
                raise UsageError(
                    f"{made.name} is there, although step {step.position + 1} of expand {change.id}, which would make "
                    f"it, never ran: it was there before, and the revert could drop it",
                    state="nothing was changed",
                    hint=f"is {change.id} in this database already? Then: zdmigrate init --release VERSION --baseline "
                    f"{change.id}; else give it another name in {change.path}",
                )


def made_by(change: Change, step: Step) -> Iterator[Made]:
    """What a step of an expand makes, but for what it only makes if it is not there."""
    texts = set(step.statements)
    for section in change.sections:
        for statement in section.statements:
            if section.name in ("expand", "") and statement.text in texts:
                for operation in statement.operations:
                    if not getattr(operation, "if_not_exists", False):
                        yield from _made_by(operation)


def _made_by(operation: Operation) -> Iterator[Made]:
    match operation:
        case CreateTable(relation=relation) | CreateView(relation=relation, replace=False) if relation:
            yield Made(f"{relation}", _RELATION, (quoted(relation),))
        case CreateIndex(relation=relation, name=str(name)) if relation:
            index = Name(relation.schema, name)
            yield Made(f"index {index}", _RELATION, (quoted(index),))
        case AddColumn(relation=relation, column=column) if relation:
            yield Made(f"{relation}.{column.name}", _COLUMN, (quoted(relation), column.name))
        case CreateTrigger(relation=relation, name=name, replace=False) if relation:
            yield Made(f"trigger {name} on {relation}", _TRIGGER, (quoted(relation), name))
        case CreateFunction(name=function, arguments=arguments, replace=False):
            schema, types = function.schema or "", " ".join(_type_name(each) for each in arguments)
            yield Made(f"function {function}", _FUNCTION, (function.name, schema, schema, types), overloaded=True)


def _type_name(argument: str) -> str:
    """As pg_type has it, where an array of any dimensions is its element's name behind an underscore."""
    element, array, _ = argument.partition("[]")
    return f"_{element}" if array else element
