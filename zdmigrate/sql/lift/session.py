"""What changes the session or reads the server, and what is beyond any one schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdmigrate.schema import operations as o
from zdmigrate.sql.kinds import statement_kind

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source

SESSION = (
    "VariableShowStmt",
    "ListenStmt",
    "NotifyStmt",
    "UnlistenStmt",
    "PrepareStmt",
    "DeallocateStmt",
    "DiscardStmt",
    "DeclareCursorStmt",
    "ClosePortalStmt",
    "FetchStmt",
    "LoadStmt",
    "ConstraintsSetStmt",
)
SERVER = (
    "CreatedbStmt",
    "DropdbStmt",
    "AlterDatabaseStmt",
    "AlterDatabaseSetStmt",
    "AlterDatabaseRefreshCollStmt",
    "CreateTableSpaceStmt",
    "DropTableSpaceStmt",
    "AlterTableSpaceOptionsStmt",
    "AlterSystemStmt",
    "CheckPointStmt",
)


def session_command(node: str, source: Source) -> tuple[o.Operation, ...]:
    return (o.SessionCommand(span=source.span, statement=statement_kind(node)),)


def server_command(node: str, source: Source) -> tuple[o.Operation, ...]:
    return (o.ServerCommand(span=source.span, statement=statement_kind(node)),)
