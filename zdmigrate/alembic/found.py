"""What autogenerate found, one operation of Alembic's after the other, each with the SQL that it stands for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from alembic.operations import ops

from zdmigrate.alembic.offline import sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrateOperation, OpContainer
    from sqlalchemy import Column, MetaData

    from zdmigrate.recipes.parts.ground import Answers


class Naive(NamedTuple):
    """One operation, and the SQL that Alembic would send for it."""

    operation: MigrateOperation
    sql: str


class Found(NamedTuple):
    """All of it, in order; ``answers`` are what the models say, ``metadata`` has their naming convention."""

    operations: tuple[Naive, ...]
    answers: Answers
    metadata: MetaData | None

    @property
    def sql(self) -> str:
        return "".join(each.sql for each in self.operations)

    @property
    def all(self) -> tuple[MigrateOperation, ...]:
        return tuple(each.operation for each in self.operations)


def found_in(container: OpContainer, answers: Answers, metadata: MetaData | None) -> Found:
    naive = tuple(Naive(each, sql_of(each, metadata)) for each in map(_bare, _leaves(container)))
    return Found(naive, answers, metadata)


def _leaves(container: OpContainer) -> Iterator[MigrateOperation]:
    for each in container.ops:
        if isinstance(each, ops.OpContainer):
            yield from _leaves(each)
        else:
            yield each


def _bare(operation: MigrateOperation) -> MigrateOperation:
    """A new column without what Alembic has operations of their own for: its keys and its index."""
    return with_column(operation) if isinstance(operation, ops.AddColumnOp) else operation


def with_column(operation: ops.AddColumnOp, **changed: Any) -> ops.AddColumnOp:
    """The same operation with a column that hangs on nothing; ``changed`` are attributes of it."""
    column: Column[Any] = operation.column._copy()
    bare: dict[str, Any] = {"index": None, "unique": None, "primary_key": False, "foreign_keys": set()}
    for name, value in {**bare, **changed}.items():
        setattr(column, name, value)
    other = copy.copy(operation)
    other.column = column
    return other
