"""What Alembic would send, as text, without sending it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import alembic.op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrateOperation
    from alembic.script import Script


def sql_of(operation: MigrateOperation, metadata: Any = None) -> str:
    """The statements of one operation; ``metadata`` has the naming convention."""
    buffer = io.StringIO()
    Operations(_context(buffer, metadata)).invoke(operation)
    return buffer.getvalue()


def upgrade_of(script: Script) -> str:
    """The statements of a revision's ``upgrade()``, with BEGIN and COMMIT where its blocks end transactions."""
    buffer = io.StringIO()
    with _instead_of_the_running(Operations(_context(buffer))):
        script.module.upgrade()
    return buffer.getvalue()


def _context(buffer: io.StringIO, metadata: Any = None) -> MigrationContext:
    """A percent sign stays one. Nobody listens to this one: whoever records what a revision sends has it anyway."""
    context = MigrationContext.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        opts={"as_sql": True, "output_buffer": buffer, "literal_binds": True, "target_metadata": metadata},
    )
    impl: Any = context.impl
    impl.static_output = lambda said: buffer.write(f"{said}\n\n")
    impl.emit_begin = lambda: buffer.write("BEGIN;\n\n")
    impl.emit_commit = lambda: buffer.write("COMMIT;\n\n")
    return context


@contextmanager
def _instead_of_the_running(operations: Operations) -> Iterator[None]:
    """``alembic.op`` speaks to these operations, and afterwards to those that it spoke to before."""
    before = getattr(alembic.op, "_proxy", None)
    operations._install_proxy()
    try:
        yield
    finally:
        if before is None:
            operations._remove_proxy()
        else:
            before._install_proxy()
