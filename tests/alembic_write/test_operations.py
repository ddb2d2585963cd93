"""``op.create_index_safely`` and its like, in revisions that people write: run, rendered, linted and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic.util import CommandError

from tests.alembic_write.project import new_project
from zdmigrate.alembic import operations
from zdmigrate.alembic.offline import sql_of
from zdmigrate.recipes.parts.ground import Answers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alembic_write.project import Project
    from tests.servers.database import Database

pytestmark = pytest.mark.whole

REVISION = """
from alembic import op
import sqlalchemy as sa
import zdmigrate.alembic.operations
revision = {name!r}
down_revision = {before!r}
zd_phase = {phase!r}
USERS = sa.Table("users", sa.MetaData(), sa.Column("id", sa.BigInteger(), primary_key=True),
                 sa.Column("name", sa.Text()), sa.Column("total", sa.Integer()), sa.Column("team", sa.BigInteger()))
sa.Index("users_name_idx", USERS.c.name)
def upgrade():
    {up}
def downgrade():
    {down}
"""
BASE = """
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, name text, total int, team bigint);
CREATE INDEX users_name_idx ON users (name);
CREATE INDEX users_team_idx ON users (team);
INSERT INTO users SELECT id, 'name ' || id, id FROM generate_series(1, 100) AS id;
"""
DOWN = "op.drop_constraint('{0}', 'users')"
ONE_PHASE = [
    ("op.create_index_safely('i', 'users', [sa.text('lower(name)')], postgresql_where=sa.text('id > 5'))", "expand"),
    ("op.create_index_safely('i', 'users', ['name', 'total'], unique=True)", "contract"),
    ("op.drop_index_safely('users_name_idx', 'users')", "contract"),
    ("op.set_not_null_safely('users', 'name')", "contract"),
    ("op.create_check_constraint_safely('positive', 'users', 'total > 0')", "contract"),
    ("op.create_foreign_key_safely('f', 'users', 'teams', ['team'], ['id'], ondelete='CASCADE')", "contract"),
    ("op.create_unique_constraint_safely('u', 'users', ['name'])", "contract"),
]
RENAME = 'op.rename_column_safely("name", "full_name", copy_from=USERS{})'
RETYPE = 'op.add_column_sync(sa.Column("total_big", sa.BigInteger()), was="total", fallback="NULL", copy_from=USERS{})'


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    made = new_project(tmp_path, database)
    base = "\n".join(f"    op.execute({line!r})" for line in BASE.strip().splitlines())
    made.write("r1", f'from alembic import op\nrevision = "r1"\ndown_revision = None\ndef upgrade():\n{base}\n')
    made.upgrade()
    return made


def write(project: Project, name: str, before: str, phase: str, up: str, down: str = "pass") -> None:
    project.write(name, REVISION.format(name=name, before=before, phase=phase, up=up, down=down))


@pytest.mark.parametrize(("call", "phase"), ONE_PHASE)
def test_one_call_is_the_whole_dance(project: Project, call: str, phase: str) -> None:
    write(project, "r2", "r1", phase, call)
    assert project.lint() == []
    project.upgrade()


@pytest.mark.parametrize(("call", "new"), [(RENAME, "full_name"), (RETYPE, "total_big")])
def test_a_column_lives_twice_from_expand_to_contract(project: Project, call: str, new: str) -> None:
    old = "name" if new == "full_name" else "total"
    write(project, "r2", "r1", "expand", call.format(""), call.format(', phase="revert"'))
    write(project, "r3", "r2", "contract", call.format(', phase="contract"'))
    assert project.lint() == []
    for _ in range(2):
        project.upgrade("r2")
        assert project.database.execute(f"SELECT count(*) FROM users WHERE {new} = {old}") == [(100,)]
        project.database.execute(f"UPDATE users SET {old} = 7 WHERE id = 1")
        project.database.execute(f"UPDATE users SET {new} = 8 WHERE id = 2")
        got = project.database.execute(f"SELECT {old}::text, {new}::text FROM users WHERE id < 3 ORDER BY id")
        assert got == [("7", "7"), ("8", "8")]
        project.downgrade("r1")
        project.database.execute("UPDATE users SET name = 'name', total = 1")
    project.upgrade()
    with pytest.raises(Exception, match=f'column "{old}" does not exist'):
        project.database.execute(f"SELECT {old} FROM users")


def test_what_copy_from_does_not_say_of_the_table_is_refused_before_it_is_lost(project: Project) -> None:
    project.database.execute("CREATE INDEX forgotten ON users (name, id)")
    write(project, "r2", "r1", "expand", RENAME.format(""))
    with pytest.raises(CommandError, match=r"more on this table than copy_from says(.|\n)*\(full_name, id\)"):
        project.upgrade()


def test_an_index_that_an_interrupted_build_has_left_is_built_anew(project: Project) -> None:
    project.database.execute("UPDATE users SET name = 'twice'")
    write(project, "r2", "r1", "contract", "op.create_index_safely('i', 'users', ['name'], unique=True)")
    with pytest.raises(Exception, match="could not create unique index"):
        project.upgrade()
    project.database.execute("UPDATE users SET name = id::text")
    project.upgrade()
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"
    assert project.database.execute(valid) == [(True,)]


USERS = sa.Table("users", sa.MetaData(), sa.Column("name", sa.Text()), sa.Column("total", sa.Integer()))
NULL = Answers().changed(fallback={"": "NULL"})
MADE: list[Any] = [
    operations.BackfillOp("UPDATE users SET name = 'it''s 5%'"),
    operations.CreateIndexSafelyOp.of(ops.CreateIndexOp("i", "users", ["name"], postgresql_where=sa.text("id > 5"))),
    operations.SyncedColumnOp(
        "rename_column_safely", "name", sa.Column("full_name", sa.Text()), USERS, "expand", Answers()
    ),
    operations.SyncedColumnOp("add_column_sync", "total", sa.Column("big", sa.BigInteger()), USERS, "expand", NULL),
]


@pytest.mark.parametrize("made", MADE, ids=lambda made: type(made).__name__)
def test_what_autogenerate_would_write_sends_the_same(project: Project, made: Any) -> None:
    context = AutogenContext(MigrationContext.configure(dialect_name="postgresql"), sa.MetaData())
    context.opts |= {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op.", "user_module_prefix": None}
    write(project, "r2", "r1", "expand", render_op_text(context, made))
    assert context.imports == {"import zdmigrate.alembic.operations"}
    sent = sql_of(made).replace("COMMIT;", "").replace("BEGIN;", "").split()
    assert " ".join(sent) in " ".join(project.printed("r1:r2").replace("COMMIT;", "").replace("BEGIN;", "").split())


@pytest.mark.parametrize("made", MADE, ids=lambda made: type(made).__name__)
def test_what_is_reversed_twice_is_what_it_was(made: Any) -> None:
    there = made.reverse()
    assert sql_of(there) != sql_of(made)
    if not isinstance(made, operations.BackfillOp):
        assert sql_of(there.reverse()) == sql_of(made)
