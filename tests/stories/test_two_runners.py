"""Two runners at one database: the second is told of the first, and one that was stopped writes nothing later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.run.command import zdmigrate
from tests.stories.changes import RENAME
from tests.stories.halt import Halt
from tests.stories.harness import Story, columns_of, shop_schema
from tests.stories.picture import ledger_of, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database
    from tests.stories.runners import Forge

QUICK = {"STALE": 1.0, "RENEWAL": 0.2}  # seconds: who has not renewed for one counts as stopped


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Story]:
    """A rename about to be expanded; nobody writes, so that what the runners write can be told apart."""
    with Story(database, shop_schema(200), RENAME, tmp_path) as story:
        story.run("init", "--release", "v1")
        yield story


def arguments(story: Story, dsn: str) -> tuple[str, ...]:
    return ("apply", "--phase", "expand", "--release", "v2", "--dsn", dsn, "--dir", str(story.folder))


def test_the_second_runner_is_told_who_holds_the_lease_and_since_when(shop: Story, forge: Forge) -> None:
    with Halt(shop.database.dsn, "CREATE FUNCTION") as proxy:
        proxy.runner = first = forge.start(*arguments(shop, proxy.dsn))
        assert proxy.halted.wait(30), first.text
        refused = shop.expand(code=5).err
        assert "another runner holds the lease 'ddl'" in refused
        assert f"process {first.pid}" in refused
        assert "doing expand 001_full_name since " in refused
        assert "nothing was run by this command" in refused
        assert f"process {first.pid}" in shop.run("status").text
        proxy.let_go()
        assert first.wait() == 0, first.text
    assert "nothing to do" in shop.expand().text


@pytest.mark.parametrize(
    "at",
    ["ADD COLUMN", "CREATE FUNCTION", "UPDATE users SET", "UPDATE zdmigrate.backfill", "CREATE INDEX CONCURRENTLY"],
)
def test_a_runner_that_was_stopped_wakes_and_writes_nothing(
    at: str, shop: Story, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in QUICK.items():
        monkeypatch.setattr(f"zdmigrate.run.lease.{name}", seconds)
    with Halt(shop.database.dsn, at) as proxy:
        proxy.runner = stopped = forge.start(*arguments(shop, proxy.dsn), lease=QUICK)
        assert proxy.halted.wait(30), stopped.text
        taken_over(shop)
        before = look(shop.database)
        proxy.let_go()
        code = stopped.wait()
    assert code in (2, 4, 5), stopped.text
    assert "Traceback" not in stopped.text
    assert look(shop.database) == before, "the runner that woke has written"
    assert "full_name" in columns_of(shop.database, "users")


def test_a_runner_that_stands_still_with_a_strong_lock_is_made_to_let_go_of_it(shop: Story, forge: Forge) -> None:
    """Its machine may be paused for minutes; without this, every query of the app would be, too."""
    with Halt(shop.database.dsn, "ADD COLUMN") as proxy:
        proxy.runner = forge.start(*arguments(shop, proxy.dsn))
        assert proxy.halted.wait(30), proxy.runner.text
        with shop.database.connect(options="-c statement_timeout=20s") as app:
            app.execute("SELECT name FROM users")
        proxy.let_go()
        assert proxy.runner.wait() == 0, proxy.runner.text
    assert "the connection was lost in step 1 of expand 001_full_name" in proxy.runner.text
    assert "nothing to do" in shop.expand().text


def taken_over(shop: Story) -> None:
    """Another runner tries until the first one counts as stopped; then it goes on from where that one was."""
    deadline = time.monotonic() + 30
    tried = zdmigrate(*arguments(shop, shop.database.dsn))
    while tried.code == 5 and time.monotonic() < deadline:
        tried = zdmigrate(*arguments(shop, shop.database.dsn))
    assert tried.code == 0, tried.text


def look(database: Database) -> tuple[str, str, list[tuple[object, ...]]]:
    with database.connect() as connection:
        events = connection.execute("SELECT id, action FROM zdmigrate.event ORDER BY id").fetchall()
        return schema_of(connection), ledger_of(connection), events
