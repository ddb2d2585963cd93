"""Alembic's revisions as SQL: each finding stands on the line of Python that caused it, or the revision is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sources.folders import FOLDERS, changes_of, filled, linted
from zdmigrate.errors import InputError
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from zdmigrate.lint.finding import Finding

PROJECT = FOLDERS / "alembic"
HEAD = "from alembic import op\nimport sqlalchemy as sa\nrevision = '{name}'\ndown_revision = {before!r}\n"
BASE = """
def upgrade():
    columns = (sa.Column(name, sa.Text()) for name in ("email", "note"))
    op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), *columns)
"""


def project(folder: Path, *bodies: str, env: str = "") -> Path:
    """A project of one line of revisions r0, r1 …, the second of which begins at line 5."""
    names = [f"r{number}" for number in range(len(bodies) + 1)]
    texts = {
        f"scripts/versions/{name}.py": HEAD.format(name=name, before=before) + body
        for name, before, body in zip(names, [None, *names], (BASE, *bodies), strict=False)
    }
    others = {"alembic.ini": "[alembic]\nscript_location = %(here)s/scripts\n", "scripts/env.py": env}
    return filled(folder, **others, **texts)


def findings(folder: Path, rule: str) -> list[Finding]:
    return [finding for finding in linted(folder).findings if finding.rule == rule]


def places(folder: Path, rule: str) -> list[tuple[int, int, int, int]]:
    return [(found.line, found.column, found.end_line, found.end_column) for found in findings(folder, rule)]


def test_a_finding_is_where_the_call_is_from_the_first_letter_to_the_last(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    op.drop_column(\n        'users',\n        'email')\n")
    assert places(folder, "drop-column") == [(6, 5, 8, 17)]


def test_what_a_revision_leaves_unnamed_is_named_by_the_convention_of_the_models(tmp_path: Path) -> None:
    body = """
def upgrade():
    op.create_unique_constraint(None, "users", ["email"])
    op.create_check_constraint("short", "users", "length(email) < 99")
"""
    env = "from shop.models import Base\ntarget_metadata = Base.metadata\nraise SystemExit\n"
    folder = project(tmp_path, body, env=env)
    names = "NAMES = {'uq': 'uq_%(table_name)s_%(column_0_name)s', 'ck': 'ck_%(table_name)s_%(constraint_name)s'}\n"
    filled(
        folder,
        **{
            "alembic.ini": "[alembic]\nscript_location = %(here)s/scripts\nprepend_sys_path = %(here)s\n",
            "shop/__init__.py": "raise SystemExit\n",
            "shop/models.py": "from .base import Base\nraise SystemExit\n",
            "shop/base.py": f"{names}class Base:\n    metadata = MetaData(naming_convention=NAMES)\nraise SystemExit\n",
        },
    )
    text = changes_of(folder)[1].text
    assert "ADD CONSTRAINT uq_users_email UNIQUE (email)" in text
    assert "ADD CONSTRAINT ck_users_short CHECK" in text


def test_what_to_write_instead_is_said_in_calls_of_op(tmp_path: Path) -> None:
    body = """
def upgrade():
    op.create_index("users_email_idx", "users", ["email"])
    op.alter_column("users", "note", nullable=False)
"""
    folder = project(tmp_path, body)
    (index,) = findings(folder, "create-index-not-concurrent")
    assert index.help.endswith(
        """
    with op.get_context().autocommit_block():
        op.create_index("users_email_idx", "users", ["email"], postgresql_concurrently=True)"""
    )
    (column,) = findings(folder, "set-not-null-scan")
    assert '        op.execute("ALTER TABLE users VALIDATE CONSTRAINT' in column.help
    assert '        op.alter_column("users", "note", nullable=False)\n' in column.help


def test_columns_are_counted_in_letters_and_not_in_bytes(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    'é'; op.drop_column('users', 'email'); 'ü'\n")
    assert places(folder, "drop-column") == [(6, 10, 6, 42)]


def test_loops_functions_and_batches_lead_to_the_call_of_op(tmp_path: Path) -> None:
    body = """
def away(column):
    op.drop_column("users", column)
def upgrade():
    for name in ("email", "id"):
        away(name)
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("name", sa.Text()))
        users.drop_column("note")
"""
    folder = project(tmp_path, body)
    assert [place[0] for place in places(folder, "drop-column")] == [7, 7, 13]


def test_what_a_finding_is_about_stands_under_its_line(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    op.drop_column('users', 'email')\n")
    (found,) = findings(folder, "drop-column")
    assert (found.language, found.statement) == ("python", "ALTER TABLE users DROP COLUMN email")


def test_an_allow_is_a_comment_of_python(tmp_path: Path) -> None:
    body = """
def upgrade():
    # zdmigrate: allow drop-column because no version has ever named it
    op.drop_column("users", "email")
    op.drop_column("users", "id")  # zdmigrate: allow drop-column because nor this
    op.drop_column("users", "id")
    # zdmigrate: allow drop-table because there is none
"""
    folder = project(tmp_path, body)
    assert [place[0] for place in places(folder, "drop-column")] == [10]
    assert [place[0] for place in places(folder, "unused-allow")] == [11]


@pytest.mark.parametrize(
    ("says", "phase"),
    [
        ("zd_phase = 'contract'", "contract"),
        ("zd_phase = 'expand'", "expand"),
        ("branch_labels = ('contract',)", "contract"),
    ],
)
def test_a_revision_says_its_phase(tmp_path: Path, says: str, phase: str) -> None:
    folder = project(tmp_path, f"{says}\ndef upgrade():\n    op.drop_column('users', 'email')\n")
    change = changes_of(folder)[1]
    assert [section.name for section in change.sections] == [phase]
    assert bool(findings(folder, "drop-column")) == (phase == "expand")


def test_an_autocommit_block_stands_outside_of_the_transaction(tmp_path: Path) -> None:
    body = """
def upgrade():
    op.execute("SELECT 1")
    with op.get_context().autocommit_block():
        op.create_index("one", "users", ["email"], postgresql_concurrently=True)
    op.create_index("two", "users", ["email"], postgresql_concurrently=True)
"""
    folder = project(tmp_path, body)
    (found,) = findings(folder, "concurrently-in-transaction")
    assert (found.line, "autocommit_block()" in found.help) == (10, True)


def test_a_project_that_turns_transactions_off_has_none(tmp_path: Path) -> None:
    body = "def upgrade():\n    op.create_index('one', 'users', ['email'], postgresql_concurrently=True)\n"
    env = "from alembic import context\ncontext.configure(connection=None, transactional_ddl=False)\n"
    folder = project(tmp_path, body, env=env)
    assert places(folder, "concurrently-in-transaction") == []


def test_env_py_is_read_and_not_run(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    op.drop_column('users', 'email')\n", env="raise SystemExit(1)\n")
    assert len(findings(folder, "drop-column")) == 1


def test_what_a_revision_prints_is_not_its_sql(tmp_path: Path) -> None:
    folder = project(tmp_path, "print('{')\ndef upgrade():\n    print('[')\n    op.drop_column('users', 'email')\n")
    assert [place[0] for place in places(folder, "drop-column")] == [8]


def test_python_that_looks_at_the_schema_is_rendered_on_a_server_that_has_the_revisions_before_it(
    tmp_path: Path,
) -> None:
    body = """
def upgrade():
    for column in sa.inspect(op.get_bind()).get_columns("users"):
        if column["name"] == "email":
            op.drop_column("users", "email")
    with op.get_context().autocommit_block():
        op.create_index("notes", "users", ["note"], postgresql_concurrently=True)
    op.execute(sa.text("UPDATE users SET note = :it").bindparams(it="it's 5 %"))
"""
    folder = project(tmp_path, body)
    assert [place[0] for place in places(folder, "drop-column")] == [9]
    assert places(folder, "not-analysed") == places(folder, "concurrently-in-transaction") == []
    assert [found.statement for found in findings(folder, "unbatched-backfill")] == [
        "UPDATE users SET note = 'it''s 5 %'::VARCHAR"
    ]


def test_python_that_reads_rows_is_named_as_well(tmp_path: Path) -> None:
    body = """
def upgrade():
    op.drop_column("users", "email")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM users")).scalar_one():
        op.drop_column("users", "id")
"""
    folder = project(tmp_path, body)
    assert [place[0] for place in places(folder, "drop-column")] == [7]
    (found,) = findings(folder, "not-analysed")
    assert (found.line, "reads rows" in found.message) == (8, True)


def test_what_fails_on_a_server_too_is_named_and_what_came_before_it_is_linted(tmp_path: Path) -> None:
    body = """
def upgrade():
    op.drop_column("users", "email")
    op.get_bind().execute(sa.text("SELECT 1 / 0")).scalar_one()
"""
    folder = project(tmp_path, body, "def upgrade():\n    op.drop_column('users', 'note')\n")
    assert [place[0] for place in places(folder, "drop-column")] == [7, 6]
    assert [place[0] for place in places(folder, "not-analysed")] == [8]


def test_single_revisions_have_the_others_as_their_history(tmp_path: Path) -> None:
    wide = "def upgrade():\n    op.create_table('notes', sa.Column('note', sa.Text()))\n"
    folder = project(tmp_path, wide, "def upgrade():\n    op.create_index('notes_idx', 'notes', ['note'])\n")
    only = folder / "scripts" / "versions" / "r2.py"
    result = linted(only, dir=only.parent)
    assert {finding.path for finding in result.findings} == {str(only)}
    assert "create-index-not-concurrent" in {finding.rule for finding in result.findings}


def test_pyproject_configures_alembic_as_well(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    op.drop_column('users', 'email')\n")
    (folder / "alembic.ini").unlink()
    (folder / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/scripts"\n')
    assert len(findings(folder, "drop-column")) == 1


def test_a_revision_that_cannot_be_imported_is_named_and_keeps_its_place(tmp_path: Path) -> None:
    lost = "import shop_that_is_not_installed\ndef upgrade():\n    pass\n"
    folder = project(tmp_path, lost, "def upgrade():\n    op.drop_column('users', 'email')\n")
    (found,) = findings(folder, "not-analysed")
    assert "No module named 'shop_that_is_not_installed'" in found.message
    assert "source_command" in found.message
    assert len(findings(folder, "drop-column")) == 1


def test_a_project_that_cannot_be_read_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    pass\n")
    (folder / "scripts" / "versions" / "r1.py").write_text("revision = 'r1'\ndown_revision = 'nowhere'\n")
    with pytest.raises(InputError, match="nowhere") as refused:
        linted(folder)
    assert "source_command" in str(refused.value.hint)


def test_the_projects_own_python_is_started_word_by_word(tmp_path: Path) -> None:
    folder = project(tmp_path, "def upgrade():\n    op.drop_column('users', 'email')\n")
    changes, _ = read_history([str(folder)], "nowhere", Source(command=(sys.executable, "-X", "utf8")))
    assert [Path(change.path).name for change in changes] == ["r0.py", "r1.py"]
    with pytest.raises(InputError, match="no-such-python cannot be run"):
        read_history([str(folder)], "nowhere", Source(command=("no-such-python",)))
