"""``from zdmigrate.alembic import op``: every operation, known to type checkers, and the same as on Alembic's own."""

from __future__ import annotations

import inspect
from pathlib import Path

from alembic import op as alembics
from alembic.operations import Operations

from tests.alembic_write import typed_revision
from tests.sources.folders import linted
from zdmigrate.alembic import op, operations

INI = "[alembic]\nscript_location = %(here)s\n"
FIRST = """
from alembic import op
import sqlalchemy as sa
revision = "t1"
down_revision = None
def upgrade():
    op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))
"""


def test_a_revision_that_mypy_has_checked_lints_clean(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "alembic.ini").write_text(INI)
    (tmp_path / "env.py").write_text("")
    (tmp_path / "versions" / "t1.py").write_text(FIRST)
    (tmp_path / "versions" / "t2.py").write_text(Path(str(typed_revision.__file__)).read_text())
    found = linted(tmp_path, tool="alembic", down=True)
    assert [finding.rule for finding in found.findings] == []


def test_every_operation_of_zdmigrates_is_there_with_its_words() -> None:
    added = {
        name
        for kind in vars(operations).values()
        if inspect.isclass(kind) and kind.__module__.startswith("zdmigrate.")
        for name in vars(kind)
        if hasattr(Operations, name) and isinstance(vars(kind)[name], classmethod)
    }
    assert len(added) == 10
    for name in added:
        assert getattr(op, name).__doc__
    assert op.get_context is alembics.get_context
