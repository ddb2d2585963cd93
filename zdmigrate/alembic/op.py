"""Alembic's ``op`` with zdmigrate's operations, as a type checker knows them: ``from zdmigrate.alembic import op``.

They are the ones that importing ``zdmigrate.alembic.operations`` puts on ``alembic.op``; there no checker sees them.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from alembic import op as _op
from alembic.op import *  # noqa: F403 - all that it has, as it has it

from zdmigrate.alembic.operations import (
    AddConstraintSafelyOp,
    BackfillOp,
    CreateIndexSafelyOp,
    DropIndexSafelyOp,
    SetNotNullSafelyOp,
    SyncedColumnOp,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.operations import Operations

_Words = ParamSpec("_Words")


def _of_op(method: Callable[Concatenate[Operations, _Words], None]) -> Callable[_Words, None]:
    """The function of ``op`` that Alembic has made of an operation's."""

    @wraps(method)
    def call(*words: _Words.args, **named: _Words.kwargs) -> None:
        getattr(_op, method.__name__)(*words, **named)

    return call


backfill = _of_op(BackfillOp.backfill)
zd_backfill = backfill
create_index_safely = _of_op(CreateIndexSafelyOp.create_index_safely)
drop_index_safely = _of_op(DropIndexSafelyOp.drop_index_safely)
set_not_null_safely = _of_op(SetNotNullSafelyOp.set_not_null_safely)
create_check_constraint_safely = _of_op(AddConstraintSafelyOp.create_check_constraint_safely)
create_foreign_key_safely = _of_op(AddConstraintSafelyOp.create_foreign_key_safely)
create_unique_constraint_safely = _of_op(AddConstraintSafelyOp.create_unique_constraint_safely)
rename_column_safely = _of_op(SyncedColumnOp.rename_column_safely)
add_column_sync = _of_op(SyncedColumnOp.add_column_sync)
