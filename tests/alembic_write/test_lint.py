"""What ``lint`` knows of a project beside its revisions: several sections, and operations that env.py imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sources.folders import changes_of, filled, linted

if TYPE_CHECKING:
    from pathlib import Path

REVISION = "from alembic import op\nrevision = {name!r}\ndown_revision = None\ndef upgrade():\n    {call}\n"
INI = (
    "[alembic]\nscript_location = %(here)s/shop\n[billing]\nscript_location = %(here)s/billing\n[engine2]\nurl = none\n"
)


def test_every_section_with_scripts_of_its_own_is_linted(tmp_path: Path) -> None:
    drop = REVISION.format(name="r1", call="op.drop_table('bills')")
    shop = REVISION.format(name="r1", call="op.drop_table('users')")
    filled(tmp_path, **{"alembic.ini": INI, "shop/env.py": "", "billing/env.py": ""})
    filled(tmp_path, **{"shop/versions/s1.py": shop, "billing/versions/b1.py": drop})
    found = [finding.path for finding in linted(tmp_path).findings if finding.rule == "drop-table"]
    assert [path.rsplit("/", 1)[1] for path in found] == ["s1.py", "b1.py"]


def test_sections_that_share_their_scripts_are_one(tmp_path: Path) -> None:
    revision = REVISION.format(name="r1", call="op.drop_table('users')")
    ini = "[alembic]\nscript_location = %(here)s/shop\n[copy]\nscript_location = %(here)s/shop\n"
    filled(tmp_path, **{"alembic.ini": ini, "shop/env.py": "", "shop/versions/s1.py": revision})
    assert len(changes_of(tmp_path)) == 1


def test_operations_that_env_py_imports_are_known(tmp_path: Path) -> None:
    revision = REVISION.format(name="r1", call="op.backfill('UPDATE users SET name = 1')")
    env = "import zdmigrate.alembic.operations\n"
    ini = "[alembic]\nscript_location = %(here)s/shop\n"
    filled(tmp_path, **{"alembic.ini": ini, "shop/env.py": env, "shop/versions/s1.py": revision})
    (change,) = changes_of(tmp_path)
    assert [section.name for section in change.sections] == ["expand", "backfill"]
