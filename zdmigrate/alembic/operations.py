"""Operations that a revision finds on ``op`` once this module is imported: by the revision, or by ``env.py``.

Each is a recipe of zdmigrate's, renders to plain SQL offline, and reverses to what takes it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import render
from alembic.operations import MigrateOperation, Operations

from zdmigrate.alembic.safe_operations import (
    AddConstraintSafelyOp,
    CreateIndexSafelyOp,
    DropIndexSafelyOp,
    SetNotNullSafelyOp,
    SyncedColumnOp,
)
from zdmigrate.sources.op_calls import text_of

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

__all__ = [
    "AddConstraintSafelyOp",
    "BackfillOp",
    "CreateIndexSafelyOp",
    "DropIndexSafelyOp",
    "NothingOp",
    "SetNotNullSafelyOp",
    "SyncedColumnOp",
]

MARKER = "-- zdmigrate: backfill"  # above the statement, offline: that the linter and the runner know it


@Operations.register_operation("zd_backfill")
@Operations.register_operation("backfill")
class BackfillOp(MigrateOperation):
    """An UPDATE, DELETE or INSERT … SELECT as it would be right for the whole table; it runs in batches."""

    def __init__(self, statement: str) -> None:
        self.statement = statement

    @classmethod
    def backfill(cls, operations: Operations, statement: str) -> None:
        """Fill rows in batches, each its own transaction, until none is left that the statement would change.

        It stands outside of ``autocommit_block()``, and commits what stands above it. A statement must be harmless
        to a row that it meets twice.
        """
        operations.invoke(cls(statement))

    zd_backfill = backfill  # what autogenerate writes: no other package's name

    def reverse(self) -> MigrateOperation:
        return NothingOp()


class NothingOp(MigrateOperation):
    """What takes a backfill back: the column goes, and its values with it."""

    def reverse(self) -> MigrateOperation:
        return self


@Operations.implementation_for(BackfillOp)
def _backfill(operations: Operations, operation: BackfillOp) -> None:
    context = operations.migration_context
    with context.autocommit_block():
        if context.as_sql:
            context.impl.static_output(f"{MARKER}\n{operation.statement.strip()};")
            return
        from zdmigrate.alembic.backfilling import run_backfill  # who only renders does without

        assert context.connection is not None
        run_backfill(context.connection, operation.statement)


@Operations.implementation_for(NothingOp)
def _nothing(_: Operations, __: NothingOp) -> None:
    pass


@render.renderers.dispatch_for(BackfillOp)
def _rendered_backfill(context: AutogenContext, operation: BackfillOp) -> str:
    context.imports.add("import zdmigrate.alembic.operations")
    return f"op.zd_backfill({text_of(operation.statement)})"


@render.renderers.dispatch_for(NothingOp)
def _rendered_nothing(_: AutogenContext, __: NothingOp) -> list[str]:
    return []
