"""Which of a phase's statements one of Alembic's own operations sends, so that its renderer writes the call."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import DefaultClause, text

from zdmigrate.alembic.found import with_column
from zdmigrate.alembic.offline import sql_of
from zdmigrate.recipes.parts.phased import Said
from zdmigrate.sources.op_calls import escaped, words_of
from zdmigrate.sql.script import read_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.operations.ops import MigrateOperation

    from zdmigrate.alembic.found import Found
    from zdmigrate.recipes.parts.merge import Section

    # Per statement, by its words, what sends it; nothing where another statement's operation sends this one as well.
    Native = dict[tuple[str, ...], tuple[MigrateOperation, ...]]


def native_calls(found: Found, sections: Iterable[Section]) -> Native:
    """The found operations, and forms of them, that send statements of these sections and nothing else.

    None with a percent sign: in DDL of its own, SQLAlchemy doubles it for psycopg, and nobody halves it again.
    """
    sent = {words_of(sql) for section in sections for sql in _statements(section) if "%" not in sql}
    native: Native = {}
    for naive in found.operations:
        for form in _forms(naive.operation, found):
            statements = [words_of(each.text) for each in read_script(sql_of(form, found.metadata)).statements]
            if statements and sent.issuperset(statements):
                *others, last = statements
                native |= {last: (form,), **dict.fromkeys(others, ())}
    return native


def _statements(section: Section) -> Iterator[str]:
    for step in section.steps:
        yield from (said.sql for said in ((step,) if isinstance(step, Said) else step.statements))


def _forms(operation: MigrateOperation, found: Found) -> Iterator[MigrateOperation]:
    """As it was found, and as a recipe may want it."""
    yield operation
    if isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp):
        yield _with_words(operation, postgresql_concurrently=True)
    elif isinstance(operation, ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp):
        yield _with_words(operation, postgresql_not_valid=True)
    elif isinstance(operation, ops.AddColumnOp):
        yield from _columns(operation, found)


def _with_words(operation: Any, **words: Any) -> MigrateOperation:
    form: MigrateOperation = copy.copy(operation)
    form.kw = {**operation.kw, **words}  # type: ignore[attr-defined]
    return form


def _columns(operation: ops.AddColumnOp, found: Found) -> Iterator[MigrateOperation]:
    """Without its default or its NOT NULL, and with the value that fills old rows."""
    fill = found.answers.of("fill", operation.table_name, operation.column.name)
    filling = None if fill is None else DefaultClause(text(escaped(fill)))
    for default in (None, filling):
        yield from (with_column(operation, nullable=nullable, server_default=default) for nullable in (True, False))
