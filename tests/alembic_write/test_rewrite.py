"""``zdmigrate rewrite REVISION``: a revision that exists becomes an expand and a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic_write.project import new_project
from tests.cli_lint.command import zdmigrate
from tests.recipes.dump import dumped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alembic_write.project import Project
    from tests.servers.database import Database

BASE = """
from alembic import op
import sqlalchemy as sa
revision = "r1"
down_revision = None
def upgrade():
    op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()),
                    sa.Column("email", sa.Text()), sa.Column("note", sa.Text(), nullable=False))
    op.create_index("users_name_idx", "users", ["name"])
"""
NAIVE = '''"""Call it by its full name."""

from alembic import op
import sqlalchemy as sa

revision = "r2"
down_revision = "r1"


def upgrade():
    """As before."""
    op.alter_column("users", "name", new_column_name="full_name")
    op.create_index(
        "users_email_idx",
        "users",
        [sa.text("lower(email)")],
    )
    for column in ("note",):
        op.drop_column("users", column)


def downgrade():
    op.drop_index("users_email_idx")
'''


@pytest.fixture
def project(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = new_project(tmp_path, database)
    made.write("r1", BASE)
    made.write("r2", NAIVE)
    monkeypatch.chdir(tmp_path)
    return made


def test_its_own_file_becomes_the_expand_and_a_new_one_the_contract(project: Project) -> None:
    assert project.lint() != []
    written = zdmigrate("rewrite", "r2", "--in-place")
    assert written.code == 0, written.err
    texts = project.revisions()
    assert sorted(texts) == ["r1", "r2", "r2_contract"]
    assert 'zd_phase = "expand"' in texts["r2"]
    assert "down_revision = 'r2'" in texts["r2_contract"]
    assert project.lint() == []


@pytest.mark.whole
def test_calls_that_stay_are_the_authors_own(project: Project) -> None:
    zdmigrate("rewrite", "r2", "--in-place")
    expand = project.revisions()["r2"]
    assert '"""As before."""' in expand
    assert '[sa.text("lower(email)")], postgresql_concurrently=True)' in expand
    assert "for column" not in expand


@pytest.mark.whole
def test_both_run_and_the_expand_goes_back(project: Project) -> None:
    project.upgrade("r1")
    as_it_was = dumped(project.database)
    zdmigrate("rewrite", "r2", "--in-place")
    project.upgrade("r2")
    project.database.execute("INSERT INTO users (id, name, note) VALUES (1, 'old', 'x')")
    project.database.execute("INSERT INTO users (id, full_name) VALUES (2, 'new')")
    assert project.database.execute("SELECT full_name, name FROM users ORDER BY id") == [("old",) * 2, ("new",) * 2]
    project.database.execute("UPDATE users SET note = '' WHERE note IS NULL")
    project.downgrade("r1")
    assert dumped(project.database) == as_it_was
    project.upgrade()
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    assert sorted(project.database.execute(columns)) == [("email",), ("full_name",), ("id",)]


def test_without_in_place_both_are_printed_and_nothing_is_written(project: Project) -> None:
    printed = zdmigrate("rewrite", "scripts/versions/r2.py")
    assert printed.code == 0, printed.err
    assert printed.out.count('zd_phase = "') == 2
    assert project.revisions() == {"r1": BASE, "r2": NAIVE}


@pytest.mark.whole
def test_behind_later_revisions_the_contract_depends_on_its_expand(project: Project) -> None:
    project.write("r3", "revision = 'r3'\ndown_revision = 'r2'\ndef upgrade():\n    pass\n")
    zdmigrate("rewrite", "r2", "--in-place")
    contract = project.revisions()["r2_contract"]
    assert "down_revision = 'r3'" in contract
    assert "depends_on = 'r2'" in contract
    project.upgrade()


def test_a_revision_that_says_its_phase_is_left_alone(project: Project) -> None:
    project.write("r2", f"zd_phase = 'expand'\n{NAIVE}")
    refused = zdmigrate("rewrite", "r2", "--in-place")
    assert (refused.code, "sections already" in refused.err) == (2, True)


def test_an_id_that_nothing_has_is_told_with_the_nearest(project: Project) -> None:
    refused = zdmigrate("rewrite", "x2")
    assert refused.code == 2
    assert "there is no revision x2" in refused.err
