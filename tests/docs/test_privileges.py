"""The SQL of the page of privileges is executed, and each role can do what the page says, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.docs.markdown import DOCS, blocks
from tests.docs.shell import DATABASE
from tests.docs.tutorial import prepare
from zdmigrate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

ROLES = ("shop_owner", "shop_app", "shop_reader")
OWNERS, ANYONES = 2, 5  # how many of the page's blocks come before init, and in all


@pytest.fixture
def roles(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The page's roles as it makes them, by the page's names; roles belong to the server, so ours are renamed."""
    names = {role: f"{database.name}_{role}" for role in ROLES} | {DATABASE: database.name}
    prepare(tmp_path, database)
    monkeypatch.chdir(tmp_path)
    statements = [block.text for block in blocks(DOCS / "privileges.md") if block.language == "sql"]
    assert len(statements) == ANYONES
    for place, statement in enumerate(statements):
        if place == OWNERS:
            assert (
                zdmigrate(database.dsn_as(names["shop_owner"]), "init", "--release", "1.0", "--baseline", "001_users")
                == 0
            )
        database.execute(renamed(statement, names))
    return {role: database.dsn_as(names[role]) for role in ROLES}


def renamed(statement: str, names: dict[str, str]) -> str:
    for name, ours in names.items():
        statement = statement.replace(name, ours)
    return statement


def zdmigrate(dsn: str, *arguments: str) -> int:
    return run([*arguments, "--dsn", dsn])


def test_the_owner_can_do_all_that_the_page_says(roles: dict[str, str]) -> None:
    owner = roles["shop_owner"]

    assert zdmigrate(owner, "doctor") == 0
    assert zdmigrate(owner, "apply", "--phase", "expand", "--release", "1.1") == 0
    assert zdmigrate(owner, "revert", "002_full_name") == 0
    assert zdmigrate(owner, "apply", "--phase", "expand", "--release", "1.2", "--again") == 0
    assert zdmigrate(owner, "release", "add", "1.3") == 0


def test_the_app_beats_and_asks_and_can_read_nothing_of_the_ledger(roles: dict[str, str]) -> None:
    zdmigrate(roles["shop_owner"], "apply", "--phase", "expand", "--release", "1.1")

    with psycopg.connect(roles["shop_app"], autocommit=True) as app:
        assert answer(app, "SELECT zdmigrate.beat('shop', '1.1', 'web-1')") == "ok"
        assert answer(app, "SELECT zdmigrate.ready('shop', '1.1')") == "ready"
        app.execute("SELECT zdmigrate.goodbye('shop', '1.1', 'web-1')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM zdmigrate.release")
    assert zdmigrate(roles["shop_app"], "ready", "--release", "1.1") == 0


def answer(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row and row[0]


@pytest.mark.parametrize("arguments", [["plan"], ["status"], ["release", "list"], ["live", "list"]])
def test_the_reader_can_look(roles: dict[str, str], arguments: list[str]) -> None:
    assert zdmigrate(roles["shop_reader"], *arguments) == 0


def test_the_reader_can_change_nothing(roles: dict[str, str]) -> None:
    reader = roles["shop_reader"]

    assert zdmigrate(reader, "apply", "--phase", "expand", "--release", "1.1") == 2
    assert zdmigrate(reader, "release", "add", "1.1") == 2
    with psycopg.connect(reader) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT zdmigrate.beat('shop', '1.0', 'web-1')")
