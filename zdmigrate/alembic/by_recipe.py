"""An operation of Alembic's, sent as its recipe says: what ``create_index_safely`` and its like have in common."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from alembic.operations import MigrateOperation, Operations, ops
from alembic.util import CommandError
from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table, Text, text

from zdmigrate.alembic.offline import sql_of
from zdmigrate.alembic.runs import runs_of
from zdmigrate.errors import ZdmigrateError
from zdmigrate.recipes.parts.furniture import Furniture
from zdmigrate.recipes.parts.ground import Answers
from zdmigrate.recipes.parts.rewriting import names_in, phases
from zdmigrate.schema.spelling import spelled_name
from zdmigrate.sources.change import read_change
from zdmigrate.sources.op_calls import escaped
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

    from zdmigrate.alembic.runs import Run

Phase = Literal["expand", "contract", "revert"]
_PLACE = "op"
_SECTIONS = {"expand": ("expand", "backfill"), "contract": ("contract",), "revert": ("revert",)}
_INVALID = "SELECT 1 FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(:name) AND NOT indisvalid"


class ByRecipe(MigrateOperation):
    """``naive`` is the SQL that a plain operation would send; ``tables`` the SQL that made what it is about.

    ``phase`` says which part of the recipe; None: all that goes forth, of recipes that have one phase only.
    """

    def __init__(self, naive: str, tables: str, answers: Answers | None = None, phase: Phase | None = None) -> None:
        self.naive = naive
        self.tables = tables
        self.answers = answers or Answers()
        self.phase = phase

    def runs(self, furniture: Furniture | None = None) -> tuple[Run, ...]:
        """What it sends; on another ground than ``tables``, if given. CommandError where no recipe can."""
        known = furniture or Furniture().with_script(self.tables)
        try:
            found = phases(read_change(_PLACE, self.naive), known, self.answers)
        except ZdmigrateError as error:
            raise CommandError(f"{error.sentence.partition(': ')[2]}. {error.hint}".rstrip(". ")) from None
        wanted = ("expand", "backfill", "contract") if self.phase is None else _SECTIONS[self.phase]
        return runs_of(section for section in found.sections if section.name in wanted)

    def refuse_other_tables(self, connection: Connection) -> None:
        """Raise CommandError where the database has something on the table that would be left behind."""
        from zdmigrate.alembic.database import furniture_on

        known = furniture_on(connection, names_in(read_change(_PLACE, self.naive)))
        own = Counter(key for key, _ in _things(self.runs()))
        there = _things(self.runs(known))
        more = Counter(key for key, _ in there) - own
        for key, statement in there:
            if more[key]:
                raise CommandError(
                    f"The database has more on this table than copy_from says, and it would be lost: {statement}\n"
                    "Say it in copy_from, or let zdmigrate rewrite write the revision"
                )


def _things(runs: Iterable[Run]) -> list[tuple[tuple[str, ...], str]]:
    """What each statement makes or says, however it is spelled: its kind and its columns; with its SQL."""
    return [
        ((each.kind, *_columns(each)), said.sql)
        for run in runs
        for said in run.statements
        for statement in read_script(said.sql).statements
        for each in statement.operations
    ]


def _columns(operation: Any) -> tuple[str, ...]:
    if constraint := getattr(operation, "constraint", None):
        return (str(constraint.type), *constraint.columns)
    column = getattr(operation, "column", "")
    return (*getattr(operation, "columns", ()), column if isinstance(column, str) else column.name)


def send(operations: Operations, operation: ByRecipe) -> None:
    """Each run in its own way. It stands outside of ``autocommit_block()``."""
    from zdmigrate.alembic.operations import BackfillOp

    context = operations.migration_context
    if operation.phase == "expand" and not context.as_sql and context.connection is not None:
        operation.refuse_other_tables(context.connection)
    for run in operation.runs():
        if run.way == "autocommit":
            with context.autocommit_block():
                _send(operations, run)
        elif run.way == "backfill":
            operations.invoke(BackfillOp(run.statements[0].sql))
        else:
            _send(operations, run)


def _send(operations: Operations, run: Run) -> None:
    context = operations.migration_context
    for said in run.statements:
        if not context.as_sql and context.connection is not None:
            _drop_if_invalid(context.connection, said.sql)
        context.impl.execute(text(escaped(said.sql)))


def _drop_if_invalid(connection: Connection, sql: str) -> None:
    """What a build that was interrupted has left of an index."""
    (operation,) = read_script(sql).statements[0].operations[:1]
    if operation.kind == "create_index" and getattr(operation, "concurrently", False) and operation.relation:
        name = spelled_name(operation.relation._replace(name=operation.name))  # type: ignore[attr-defined]
        if connection.execute(text(_INVALID), {"name": name}).scalar():
            connection.execute(text(escaped(f"DROP INDEX CONCURRENTLY {name}")))


# --------------------------------------------------------------------------- tables as far as they matter


def table_of(table: Table) -> str:
    """The SQL that makes a table with its indexes."""
    made = sql_of(ops.CreateTableOp.from_table(table), table.metadata)
    return made + "".join(sql_of(ops.CreateIndexOp.from_index(index), table.metadata) for index in table.indexes)


def table_with(name: str, columns: Iterable[Any], schema: str | None = None, *, keyed: bool = False) -> str:
    """A table of which nothing matters but that it has these columns; ``keyed`` by them."""
    names = [str(each.name) if isinstance(each, Column) else each for each in columns]
    named = [each for each in names if isinstance(each, str)] or ["id"]  # an expression's columns do not matter
    key = [PrimaryKeyConstraint(*named)] if keyed else []
    return table_of(Table(name, MetaData(), *(Column(each, Text()) for each in named), *key, schema=schema))
