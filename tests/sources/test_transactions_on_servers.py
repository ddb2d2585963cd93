"""What a tool puts around a file, done on a server: PostgreSQL refuses what lint says that it refuses, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.sources.folders import FOLDERS, changes_of, found, linted
from tests.sources.test_tools import PLACES, REFUSED

if TYPE_CHECKING:
    from tests.servers.database import Database
    from zdmigrate.sources.change import Change, Section

FILLED = {"${schema}": "public", "${SCHEMA}": "public", "${reader}": "CURRENT_USER", "${grants}": "SELECT 1"}


@pytest.mark.parametrize("tool", [tool for tool in PLACES if tool != "native"])
def test_the_server_refuses_the_statements_that_lint_names(database: Database, tool: str) -> None:
    folder = FOLDERS / PLACES[tool]
    said = {path for path, _, rule in found(linted(folder), folder) if rule == REFUSED}
    refused = set()
    for change in changes_of(folder):
        if not runs(database, change):
            refused.add(Path(change.path).relative_to(folder).as_posix())
    assert refused == said


def runs(database: Database, change: Change) -> bool:
    """Whether the change runs as its tool would run it; False where a transaction is in the way."""
    with database.connect() as connection:
        try:
            for section in change.sections:
                for message in messages(section):
                    connection.execute(message.encode())
        except psycopg.errors.ActiveSqlTransaction:
            return False
    return True


def messages(section: Section) -> list[str]:
    """What the tool sends, one after the other."""
    texts = [filled(statement.text) for statement in section.statements if statement.kind or "${" in statement.text]
    if section.transaction == "message":
        return [";\n".join(texts)]
    return ["BEGIN", *texts, "COMMIT"] if section.transaction == "tool" else texts


def filled(text: str) -> str:
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    return text


@pytest.mark.parametrize(
    ("message", "is_refused"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", False),
        ("SELECT 1; CREATE INDEX CONCURRENTLY i ON t (a)", True),
        ("BEGIN; COMMIT; CREATE INDEX CONCURRENTLY i ON t (a)", True),
    ],
)
def test_several_statements_of_one_message_are_a_transaction(
    database: Database, message: str, is_refused: bool
) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (a int)")
        try:
            connection.execute(message.encode())
        except psycopg.errors.ActiveSqlTransaction:
            assert is_refused
        else:
            assert not is_refused
