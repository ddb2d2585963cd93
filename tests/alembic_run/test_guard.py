"""Plain ``alembic upgrade`` with zdmigrate.alembic.guard() in env.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.util import CommandError
from sqlalchemy.exc import IntegrityError

from tests.alembic_run.conftest import USERS
from tests.alembic_run.project import ENV, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.database import Database

pytestmark = pytest.mark.whole

GUARDED = "import zdmigrate.alembic\nzdmigrate.alembic.guard()\n" + ENV
ADD = 'op.add_column("users", sa.Column("email", sa.Text()))'
DROP = 'op.drop_column("users", "name")'


@pytest.fixture
def guarded(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One revision is in the database, and there is a ledger."""
    project = Project(tmp_path / "app", database).begin(env=GUARDED)
    project.revision("a1", USERS)
    project.alembic("upgrade", "head")
    project.done("init", "--release", "1.0", "--baseline")
    monkeypatch.setenv("ZDMIGRATE_RELEASE", "1.1")
    return project


def test_a_contract_whose_gate_is_shut_is_refused_and_nothing_before_it_is_run(guarded: Project) -> None:
    guarded.revision("b2", ADD, after="a1", phase="expand")
    guarded.revision("c3", DROP, after="b2", phase="contract")
    with pytest.raises(CommandError, match=r"the gate of c3 is shut for release 1\.1"):
        guarded.alembic("upgrade", "head")
    assert guarded.current() == {"a1"}
    guarded.alembic("upgrade", "b2")
    assert guarded.current() == {"b2"}


def test_a_contract_whose_gate_is_open_is_run_and_taken_note_of(
    guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.revision("c2", DROP, after="a1", phase="contract")
    assert guarded.expand("1.1").code == 0
    guarded.database.execute("SELECT zdmigrate.beat('app', '1.1', 'one')")
    monkeypatch.setenv("ZDMIGRATE_RELEASE", "1.2")
    monkeypatch.setenv("ZDMIGRATE_GATE_ROLLBACK_WINDOW", "1ms")
    guarded.alembic("upgrade", "head")
    assert guarded.columns("users") == ["id"]
    assert guarded.states()["c2"] == "contracting"
    assert "noted as done" in guarded.run("apply", "--phase", "backfill").err
    assert guarded.states()["c2"] == "contracted"


def test_the_lease_is_held_while_a_revision_runs(guarded: Project) -> None:
    guarded.database.execute("CREATE TABLE seen (doing text)")
    query = "INSERT INTO seen SELECT holder ->> 'doing' FROM zdmigrate.lease WHERE holder IS NOT NULL"
    guarded.revision("b2", f'op.execute("{query}")', after="a1", phase="expand")
    guarded.alembic("upgrade", "head")
    assert guarded.database.execute("SELECT doing FROM seen") == [("alembic upgrade",)]


def test_a_lock_is_not_asked_for_while_a_long_transaction_is_in_the_way(
    guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZDMIGRATE_LOCK_DEADLINE", "300ms")
    guarded.revision("b2", ADD, after="a1", phase="expand")
    with guarded.database.connect() as reader:
        reader.execute("BEGIN; SELECT FROM users")
        with pytest.raises(CommandError, match=r"no lock for ALTER TABLE users .* within 0.3 s; in the way:"):
            guarded.alembic("upgrade", "head")
        reader.execute("COMMIT")
    assert guarded.current() == {"a1"}
    guarded.alembic("upgrade", "head")
    assert guarded.columns("users") == ["id", "name", "email"]


def test_a_revision_that_would_hold_a_lock_for_longer_than_the_budget_is_rolled_back(guarded: Project) -> None:
    guarded.revision("b2", ADD, 'op.execute("SELECT pg_sleep(5)")', after="a1", phase="expand")
    with pytest.raises(CommandError, match="would make queries of the app wait for longer than 200 ms"):
        guarded.alembic("upgrade", "head")
    assert guarded.current() == {"a1"}


def test_what_an_interrupted_index_build_has_left_goes_before_the_next(guarded: Project) -> None:
    guarded.database.execute("INSERT INTO users VALUES (1, 'twin'), (2, 'twin')")
    build = (
        "with op.get_context().autocommit_block():",
        ('    op.create_index("users_name", "users", ["name"], unique=True, postgresql_concurrently=True)'),
    )
    guarded.revision("b2", *build, after="a1", phase="expand")
    with pytest.raises(IntegrityError):
        guarded.alembic("upgrade", "head")
    assert guarded.database.execute("SELECT indisvalid FROM pg_index WHERE indrelid = 'users'::regclass") != [(True,)]
    guarded.database.execute("DELETE FROM users WHERE id = 2")
    guarded.alembic("upgrade", "head")
    assert guarded.database.execute(
        "SELECT bool_and(indisvalid), count(*) FROM pg_index WHERE indrelid = 'users'::regclass"
    ) == [(True, 2)]
    assert guarded.current() == {"b2"}


def test_several_statements_on_one_table_are_one_transaction(guarded: Project) -> None:
    more = 'op.alter_column("users", "email", server_default="nobody")'
    guarded.revision("b2", ADD, more, DROP, after="a1", phase="expand")
    guarded.alembic("upgrade", "head")
    assert guarded.columns("users") == ["id", "email"]


def test_a_database_without_a_ledger_is_nobodys_but_alembics(tmp_path: Path, database: Database) -> None:
    project = Project(tmp_path / "app", database).begin(env=GUARDED)
    project.revision("a1", USERS)
    project.revision("c2", DROP, after="a1", phase="contract")
    project.alembic("upgrade", "head")
    assert project.current() == {"c2"}
    project.alembic("downgrade", "base")


def test_what_is_expanded_is_not_downgraded_while_a_version_needs_it(guarded: Project) -> None:
    guarded.revision("b2", ADD, down=('op.drop_column("users", "email")',), after="a1", phase="expand")
    guarded.alembic("upgrade", "head")
    assert guarded.run("apply", "--phase", "expand", "--release", "1.1").code == 0
    guarded.database.execute("SELECT zdmigrate.beat('app', '1.1', 'one')")
    with pytest.raises(CommandError, match="b2 is needed by versions that run"):
        guarded.alembic("downgrade", "a1")
    assert guarded.current() == {"b2"}
