"""``op.backfill`` under plain ``alembic upgrade``: in batches, waiting for nobody, until no row is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from tests.alembic_write.project import new_project
from zdmigrate.alembic.backfilling import BackfillUnfinished, run_backfill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy.engine import Connection

    from tests.servers.database import Database

BACKFILL = "UPDATE users SET full_name = name || ' 5% :it'"
REVISION = """
from alembic import op
import zdmigrate.alembic.operations
revision, down_revision, zd_phase = "{name}", None, "expand"
def upgrade():
    op.execute("ALTER TABLE users ADD COLUMN full_name text")
    op.backfill({backfill!r})
    op.execute("ALTER TABLE users ADD COLUMN nick text")
def downgrade():
    op.execute("ALTER TABLE users DROP COLUMN nick, DROP COLUMN full_name")
"""


@pytest.fixture
def users(database: Database) -> Database:
    """A table of many blocks, in partitions."""
    database.execute("CREATE TABLE users (id int, name text) PARTITION BY RANGE (id)")
    for number in range(2):
        bounds = f"FROM ({number * 3000}) TO ({number * 3000 + 3000})"
        database.execute(f"CREATE TABLE users_{number} PARTITION OF users FOR VALUES {bounds}")
    database.execute("INSERT INTO users SELECT id, repeat('x', 200) FROM generate_series(0, 5999) AS id")
    return database


@pytest.fixture
def connection(users: Database) -> Iterator[Connection]:
    users.execute("ALTER TABLE users ADD COLUMN full_name text")
    engine = create_engine(users.dsn.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connected:
        yield connected


def test_a_revision_fills_every_row_between_what_stands_above_and_below_it(tmp_path: Path, users: Database) -> None:
    project = new_project(tmp_path, users)
    project.write("r1", REVISION.format(name="r1", backfill=BACKFILL))
    project.upgrade()
    assert users.execute("SELECT count(*) FROM users WHERE full_name = name || ' 5% :it' AND nick IS NULL") == [(6000,)]
    assert project.lint() == []
    project.downgrade("base")


def test_it_runs_in_batches_each_its_own_transaction(connection: Connection) -> None:
    sent: list[str] = []

    def listen(_: object, __: object, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(connection.engine, "before_cursor_execute", listen)
    run_backfill(connection, BACKFILL)
    updates = [statement for statement in sent if statement.startswith("UPDATE")]
    assert len(updates) > 2
    assert all("ctid" in statement for statement in updates)


def test_a_locked_row_is_waited_for_without_holding_others(users: Database, connection: Connection) -> None:
    with users.connect(autocommit=False) as app:
        app.execute("UPDATE users SET name = 'mine' WHERE id = 10")
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                app.commit()

        run_backfill(connection, BACKFILL, sleep)
    assert len(waits) >= 3
    assert users.execute("SELECT count(*) FROM users WHERE full_name IS NULL") == [(0,)]
    assert users.execute("SELECT full_name FROM users WHERE id = 10") == [("mine 5% :it",)]


def test_rows_that_never_become_right_are_told_of(users: Database, connection: Connection) -> None:
    users.execute(
        "CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN NEW.full_name := OLD.full_name; RETURN NEW; END$$"
    )
    users.execute("CREATE TRIGGER back BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION back()")
    with pytest.raises(BackfillUnfinished, match="users"):
        run_backfill(connection, BACKFILL)
