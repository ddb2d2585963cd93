"""One alembic.ini, several databases: each section has its own revisions, version table and ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from tests.alembic_run.project import ENV, REVISION
from tests.run.command import zdmigrate
from tests.sources.folders import filled, linted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.run.command import Printed
    from tests.servers.database import Database, RunningServer

GUARDED = "import zdmigrate.alembic\nzdmigrate.alembic.guard()\n" + ENV
NAMES = ("shop", "billing")
MULTIDB = """
from alembic import op
import sqlalchemy as sa
revision = "m1"
down_revision = None

def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()

def upgrade_shop() -> None:
    op.create_table("carts", sa.Column("id", sa.BigInteger(), primary_key=True))

def upgrade_billing() -> None:
    op.drop_column("bills", "total")
"""


class Projects(NamedTuple):
    folder: Path
    databases: dict[str, Database]

    def run(self, section: str, *arguments: str) -> Printed:
        named = ("--config", str(self.folder / "zdmigrate.toml"), "--source-section", section)
        return zdmigrate(*arguments, "--dsn", self.databases[section].dsn, *named)

    def done(self, section: str, *arguments: str) -> Printed:
        printed = self.run(section, *arguments)
        assert printed.code == 0, printed.text
        return printed

    def upgrade(self, section: str) -> None:
        """``alembic --name SECTION upgrade head``."""
        command.upgrade(Config(self.folder / "alembic.ini", ini_section=section), "head")

    def tables(self, section: str) -> set[str]:
        query = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return {name for (name,) in self.databases[section].execute(query)}


@pytest.fixture
def projects(tmp_path: Path, server: RunningServer) -> Iterator[Projects]:
    """Each section has a first revision with a table of its name, and a contract that drops it."""
    with server.database() as shop, server.database() as billing:
        databases = dict(zip(NAMES, (shop, billing), strict=True))
        ini = ""
        for name, database in databases.items():
            url = database.dsn.replace("postgresql://", "postgresql+psycopg://").replace("%", "%%")
            ini += f"[{name}]\nscript_location = %(here)s/{name}\nsqlalchemy.url = {url}\n"
            terms = f', version_table="{name}_versions"'
            one = {"name": "a1", "after": None, "phase": "", "up": f"    op.execute('CREATE TABLE {name} (id int)')"}
            two = {"name": "c2", "after": "a1", "phase": "zd_phase = 'contract'", "up": f"    op.drop_table('{name}')"}
            for revision in (one, two):
                text = REVISION.format(**revision, label=None, depends=None, down="    pass")
                filled(tmp_path, **{f"{name}/versions/{revision['name']}.py": text})
            filled(tmp_path, **{f"{name}/env.py": GUARDED.format(terms=terms)})
        toml = f"source = 'alembic'\ndir = '{tmp_path}'\n"
        filled(tmp_path, **{"alembic.ini": ini, "zdmigrate.toml": toml})
        yield Projects(tmp_path, databases)


@pytest.mark.whole
def test_each_section_is_run_in_its_own_database(projects: Projects) -> None:
    for name in NAMES:
        projects.done(name, "init", "--release", "1")
        assert f"{name}/versions/a1.py" in projects.done(name, "plan").out
        projects.done(name, "apply", "--phase", "expand", "--release", "2")
        assert projects.tables(name) == {name, f"{name}_versions"}
        assert projects.databases[name].execute(f"SELECT version_num FROM {name}_versions") == [("a1",)]
    with pytest.raises(CommandError, match="the gate of c2 is shut"):
        projects.upgrade("billing")
    forced = ("--force", "--reason", "nobody else is here")
    projects.done("shop", "apply", "--phase", "contract", "--release", "3", *forced)
    assert (projects.tables("shop"), projects.tables("billing")) == ({"shop_versions"}, {"billing", "billing_versions"})
    assert "c2" in projects.done("billing", "status").out


def test_without_a_name_running_asks_for_one_and_an_unknown_one_is_told_with_the_nearest(projects: Projects) -> None:
    config = ("--config", str(projects.folder / "zdmigrate.toml"))
    asked = zdmigrate("plan", "--dsn", projects.databases["shop"].dsn, *config)
    assert (asked.code, "several sections have revisions: shop, billing" in asked.err) == (2, True)
    assert "--source-section shop" in asked.err
    unknown = zdmigrate("plan", "--dsn", projects.databases["shop"].dsn, *config, "--source-section", "biling")
    assert (unknown.code, "billing" in unknown.err) == (2, True)


def test_a_revision_of_several_databases_is_rendered_for_each_or_for_the_one_that_is_named(tmp_path: Path) -> None:
    ini = "[alembic]\nscript_location = %(here)s\ndatabases = shop, billing\n[shop]\n[billing]\n"
    filled(tmp_path, **{"alembic.ini": ini, "env.py": "", "versions/m1.py": MULTIDB})
    found = linted(tmp_path, tool="alembic")
    assert {finding.rule for finding in found.findings} == {"drop-column"}
    (tmp_path / "zdmigrate.toml").write_text(f"source = 'alembic'\ndir = '{tmp_path}'\n")
    config = ("--config", str(tmp_path / "zdmigrate.toml"))
    assert zdmigrate("lint", str(tmp_path), *config, "--source-section", "shop").out.startswith("no findings")
