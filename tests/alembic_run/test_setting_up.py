"""zdmigrate alembic init: what it writes is shown first, works, and is not written twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config

from tests.alembic_run.project import Project
from tests.run.command import zdmigrate
from zdmigrate.sources.alembic_setup import with_lines, with_locations

if TYPE_CHECKING:
    from tests.servers.database import Database


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``alembic init`` writes."""
    monkeypatch.chdir(tmp_path)
    command.init(Config("alembic.ini"), "migrations")
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_the_difference_is_shown_and_nothing_is_written_until_it_is_wanted(fresh: Path) -> None:
    before = texts(fresh)
    printed = zdmigrate("alembic", "init")
    assert printed.code == 0, printed.text
    assert "+zdmigrate.alembic.guard()" in printed.out
    assert "process_revision_directives=zdmigrate.alembic.split" in printed.out
    assert '+source = "alembic"' in printed.out
    assert texts(fresh) == before


@pytest.mark.whole
def test_what_is_there_is_not_written_again(fresh: Path) -> None:
    assert zdmigrate("alembic", "init", "--yes").code == 0
    written = texts(fresh)
    assert 'source = "alembic"' in written[str(fresh / "zdmigrate.toml")]
    assert "everything is there already" in zdmigrate("alembic", "init", "--yes").text
    assert zdmigrate("alembic", "init", "--branches", "--yes").code == 0
    assert "everything is there already" in zdmigrate("alembic", "init", "--branches").text


def test_two_branches_have_a_folder_each_and_what_follows_stays_there(
    fresh: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zdmigrate("alembic", "init", "--branches", "--yes").code == 0
    project = Project(fresh, database)
    for name in ("expand", "contract"):
        made = command.revision(project.config, name, head=f"{name}@head", rev_id=f"more_{name}")
        assert not isinstance(made, list)
        assert made is not None
        assert Path(made.path).parent.name == name
    project.alembic("upgrade", "heads")
    assert project.current() == {"more_expand", "more_contract"}
    shown = zdmigrate("init", "--release", "1", "--baseline", "--dsn", database.dsn)
    assert shown.code == 0, shown.text
    assert project.states().keys() == {"zd_expand", "zd_contract", "more_expand", "more_contract"}


@pytest.mark.parametrize(
    ("call", "becomes"),
    [
        ("context.configure(connection=c)", "context.configure(connection=c, {hook})"),
        ("context.configure(connection=c,)", "context.configure(connection=c, {hook},)"),
        (
            "context.configure(\n    connection=c,\n    x=1,\n)",
            "context.configure(\n    connection=c,\n    x=1,\n    {hook},\n)",
        ),
        ("context.configure(url='é', x=1)", "context.configure(url='é', x=1)"),
        ("'é', context.configure(connection='é', x='é')", "'é', context.configure(connection='é', x='é', {hook})"),
    ],
)
def test_the_hook_is_put_into_the_call_as_it_is_written(call: str, becomes: str) -> None:
    begins = "from alembic import context\nimport zdmigrate.alembic\n\nzdmigrate.alembic.guard()\n"
    hook = "process_revision_directives=zdmigrate.alembic.split"
    assert with_lines(f"from alembic import context\n{call}\n") == f"{begins}{becomes.format(hook=hook)}\n"
    assert with_lines(with_lines(begins + call)) == with_lines(begins + call)


def test_folders_are_written_as_alembic_ini_separates_them() -> None:
    text = "[alembic]\nscript_location = %(here)s/m\npath_separator = os\n"
    assert "version_locations = %(here)s/m/versions:%(here)s/m/versions/expand:" in with_locations(text)
    assert with_locations(with_locations(text)) == with_locations(text)
