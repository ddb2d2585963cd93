"""What a change file may not hold, or not in an expand, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdmigrate.errors import InputError
from zdmigrate.schema.operations import (
    Copy,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropMaterializedView,
    DropTable,
    DropView,
    PrepareTransaction,
    RenameColumn,
    RenameTable,
    RenameView,
    Rollback,
    SessionCommand,
    SetSchema,
    Truncate,
    Unknown,
)
from zdmigrate.sources.unseen import NOT_RENDERED

if TYPE_CHECKING:
    from zdmigrate.schema.walk import Analysed
    from zdmigrate.sources.change import Change
    from zdmigrate.sql.script import Statement

# Dropped, renamed or emptied, they are missed at once by versions that are live.
_REMOVALS = (
    DropColumn,
    DropMaterializedView,
    DropTable,
    DropView,
    RenameColumn,
    RenameTable,
    RenameView,
    SetSchema,
    Truncate,
)


def removes(analysed: Analysed) -> bool:
    """Whether versions that are live would miss something at once."""
    return isinstance(analysed.operation, _REMOVALS) and not analysed.facts["additive"]


def refuse_psql_lines(file: Change) -> None:
    """A line that only psql understands would be passed over in silence: an \\i is a whole file that never ran."""
    for span in file.script.psql_lines:
        if span not in file.script.quits:
            line = file.lines.position(span.start)[0]
            raise InputError(
                f"{file.path}:{line}: a line for psql ({file.text[span.start : span.end].strip()}), which is not here",
                hint="write what it does as SQL, or leave it out",
            )


def refuse_unrendered(statement: Statement, place: str) -> None:
    """Raise InputError for Python of which nobody knows what it would send to this database."""
    if statement.text.startswith(NOT_RENDERED):
        why = statement.text.removeprefix(NOT_RENDERED)
        raise InputError(
            f"{place}: what this revision would do cannot be seen before it runs ({why})",
            state="nothing was run",
            hint="run it with alembic upgrade, zdmigrate.alembic.guard() in env.py; the next apply takes note of it",
        )


def refusal(operation: Any) -> tuple[str, str] | None:
    """Why a change file may not hold an operation, and what to do instead; None where it may."""
    return _in_a_body(operation) if operation.within else _in_the_file(operation)


def _in_a_body(operation: Any) -> tuple[str, str] | None:
    """In the body of a DO a temporary table or a setting does no harm."""
    match operation:
        case Unknown(statement="commit" | "rollback"):
            return f"{operation.statement.upper()} in the body of DO: {operation.reason}", "write statements without DO"
    return None


def _in_the_file(operation: Any) -> tuple[str, str] | None:
    match operation:
        case Rollback() | PrepareTransaction():
            return f"{operation.kind.replace('_', ' ').upper()} has no place in a change", "leave it out"
        case Copy(relation=name) if name is not None and operation.is_from:
            return f"COPY {name} FROM needs a client that sends rows", "load rows with the application or with psql"
        case CreateTable(persistence="temporary"):
            return "a temporary table is gone when the next step runs", "use an ordinary table, dropped in contract"
        case SessionCommand():
            return f"{operation.statement.upper()} changes only its own session", "leave it out"
        case CreateIndex(concurrently=True, name=None):
            return (
                "an index that is built concurrently needs a name, to be found again after an interruption",
                "name it",
            )
    return None
