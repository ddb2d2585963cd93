"""The guard, autogenerate and backfills by drivers other than psycopg, by sync and async engines of ``env.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.util import CommandError

from tests.alembic_run.project import Project as Running
from tests.alembic_write.models import after, before
from tests.alembic_write.project import new_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

pytestmark = pytest.mark.whole

HEAD = """
import asyncio
from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine
import zdmigrate.alembic

zdmigrate.alembic.guard()
url = context.config.attributes["url"].replace("+psycopg", "+{driver}")

def migrate(connection):
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["models"],
        process_revision_directives=zdmigrate.alembic.split,
    )
    with context.begin_transaction():
        context.run_migrations()
"""
SYNC = """
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    migrate(connection)
"""
ASYNC = """
async def main():
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("driver", "body"),
    [("psycopg2", SYNC), ("asyncpg", ASYNC), ("psycopg", ASYNC)],
    ids=("psycopg2", "asyncpg", "psycopg"),
)
def test_revisions_are_written_guarded_and_run(
    driver: str, body: str, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project(tmp_path, database)
    (tmp_path / "scripts" / "env.py").write_text(HEAD.format(driver=driver) + body)
    (tmp_path / "zdmigrate.toml").write_text(f"source = 'alembic'\ndir = '{tmp_path}'\nlock_budget = '900ms'\n")
    project.revise(before(), "r1")
    project.upgrade()
    database.execute("INSERT INTO users (id, name, email, legacy) SELECT n, 'x', n, 'y' FROM generate_series(1, 500) n")
    Running(tmp_path, database).done("init", "--release", "1", "--baseline")
    monkeypatch.setenv("ZDMIGRATE_RELEASE", "2")
    assert sorted(project.revise(after(), "e1")) == ["e1", "e1_contract"]
    with database.connect() as reader, monkeypatch.context() as impatient:
        impatient.setenv("ZDMIGRATE_LOCK_DEADLINE", "300ms")
        reader.execute("BEGIN; SELECT FROM users")
        with pytest.raises(CommandError, match=r"(?s)no lock for .* within 0.3 s; in the way:.*e1 is half done"):
            project.upgrade("e1")
        reader.execute("COMMIT")
    with pytest.raises(CommandError, match=r"(?s)already exists.*alembic stamp e1, then alembic downgrade r1"):
        project.upgrade("e1")
    command.stamp(project.config(None), "e1")
    project.downgrade("r1")
    project.upgrade("e1")
    assert database.execute("SELECT count(*) FROM users WHERE full_name = 'x'") == [(500,)]
    assert project.check(after())
    with pytest.raises(CommandError, match="the gate of e1_contract is shut"):
        project.upgrade()
