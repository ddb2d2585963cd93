"""Which tool a folder belongs to: named by its owner, or told by its shape."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zdmigrate.errors import InputError
from zdmigrate.sources.tools import (
    alembic,
    dbmate,
    diesel,
    django,
    flyway,
    golang_migrate,
    goose,
    native,
    node_pg_migrate,
    plain,
    prisma,
    single_transaction,
    sql_migrate,
    sqlx,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zdmigrate.sources.tool import Tool
    from zdmigrate.sources.tree import Tree

TOOLS: Mapping[str, Tool] = {
    "native": native,
    "plain": plain,
    "single-transaction": single_transaction,
    "flyway": flyway,
    "golang-migrate": golang_migrate,
    "dbmate": dbmate,
    "goose": goose,
    "sql-migrate": sql_migrate,
    "node-pg-migrate": node_pg_migrate,
    "diesel": diesel,
    "sqlx": sqlx,
    "prisma": prisma,
    "django": django,
    "alembic": alembic,
}
_MARKED = {"dbmate": dbmate, "goose": goose, "sql-migrate": sql_migrate, "node-pg-migrate": node_pg_migrate}
_HINT = 'say which with --source, or with source = "…" in the configuration'


def tool_of(tree: Tree) -> str:
    """The tool whose shape a folder has; plain where it has none's. InputError where it has the shape of several."""
    found = [name for name, tool in TOOLS.items() if name != "plain" and tool.is_shape_of(tree)]
    if len(found) > 1:
        raise InputError(f"{tree.path}: this folder could be {' or '.join(found)}", hint=_HINT)
    if not found and sqlx.is_likely(tree):
        return "sqlx"
    return found[0] if found else "plain"


def folder_to_lint(directory: str) -> str:
    """The folder of change files; where there is none, the working directory, if it has an Alembic project."""
    return os.curdir if not os.path.isdir(directory) and alembic.is_project(os.curdir) else directory


def marked_by(text: str) -> list[str]:
    """The tools whose own comments a text has."""
    return [name for name, tool in _MARKED.items() if tool.is_marked(text)]


def check_unmarked(text: str, path: str) -> None:
    """Refuse to read another tool's file from top to bottom: what takes back would look like what comes next."""
    for name in marked_by(text):
        raise InputError(f"{path}:1: has comments of {name}", hint=f"say --source {name}")
