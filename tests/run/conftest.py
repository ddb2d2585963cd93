"""A project with a small table, and a ledger that knows release v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.batches import arranged
from tests.run.project import Project
from tests.stories.runners import Forge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.run.batches import AtBatch
    from tests.servers.database import Database

TABLES = """
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, visits integer NOT NULL DEFAULT 0);
INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(1, 2000) AS i;
"""


@pytest.fixture
def empty_project(database: Database, tmp_path: Path) -> Project:
    """No ledger yet, and an empty folder."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    with database.connect() as connection:
        connection.execute(TABLES.encode())
        connection.execute("VACUUM ANALYZE users")
    return Project(database, folder, database.dsn)


@pytest.fixture
def project(empty_project: Project) -> Project:
    empty_project.done("init", "--release", "v1")
    return empty_project


@pytest.fixture
def at_batch(monkeypatch: pytest.MonkeyPatch) -> AtBatch:
    """Does something right before the batch of a number."""
    return arranged(monkeypatch)


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """Starts runners as processes."""
    with Forge(tmp_path) as made:
        yield made
