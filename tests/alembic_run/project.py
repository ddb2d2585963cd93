"""An Alembic project of a test: its files, Alembic's own commands on it, and zdmigrate's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.run.command import zdmigrate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from tests.run.command import Printed
    from tests.servers.database import Database

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection{terms})
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """from alembic import op
import sqlalchemy as sa

revision = {name!r}
down_revision = {after!r}
branch_labels = {label!r}
depends_on = {depends!r}
{phase}

def upgrade():
{up}

def downgrade():
{down}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """``terms`` are further words of ``context.configure``, as ``, version_table="versions"``."""

    folder: Path
    database: Database
    terms: str = ""

    @property
    def engine(self) -> Engine:
        return create_engine(self.url, poolclass=NullPool)

    @property
    def url(self) -> str:
        return "postgresql+psycopg://" + self.database.dsn.removeprefix("postgresql://")

    @property
    def config(self) -> Config:
        config = Config(self.folder / "alembic.ini")
        config.set_main_option("sqlalchemy.url", self.url.replace("%", "%%"))
        return config

    def begin(self, *, env: str = ENV) -> Project:
        (self.folder / "versions").mkdir(parents=True)
        (self.folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
        (self.folder / "env.py").write_text(env.format(terms=self.terms))
        (self.folder / "zdmigrate.toml").write_text(f"source = 'alembic'\ndir = '{self.folder}'\n")
        return self

    def revision(
        self,
        name: str,
        *up: str,
        down: tuple[str, ...] = ("pass",),
        after: str | tuple[str, ...] | None = None,
        phase: str = "",
        label: str | None = None,
        depends: str | None = None,
    ) -> None:
        """A revision's file; ``up`` and ``down`` are lines of Python."""
        said = f"zd_phase = {phase!r}" if phase else ""
        bodies = {"up": _indented(up or ("pass",)), "down": _indented(down)}
        text = REVISION.format(name=name, after=after, label=label, depends=depends, phase=said, **bodies)
        (self.folder / "versions" / f"{name}.py").write_text(text)

    def run(self, *arguments: str) -> Printed:
        config = ("--config", str(self.folder / "zdmigrate.toml"))
        printed = zdmigrate(*arguments, "--dsn", self.database.dsn, *config)
        assert "Traceback" not in printed.text
        return printed

    def done(self, *arguments: str) -> Printed:
        printed = self.run(*arguments)
        assert printed.code == 0, printed.text
        return printed

    def expand(self, release: str, *options: str) -> Printed:
        return self.run("apply", "--phase", "expand", "--release", release, *options)

    def contract(self, release: str) -> Printed:
        """Past the gate."""
        reason = ("--force", "--reason", "nobody else is here")
        return self.run("apply", "--phase", "contract", "--release", release, *reason)

    def alembic(self, name: str, *words: str) -> None:
        """``alembic upgrade``, ``stamp`` …, in this process."""
        getattr(command, name)(self.config, *words)

    def current(self) -> set[str]:
        """What ``alembic current`` says, by Alembic's own code."""
        opts = {"version_table": "versions", "version_table_schema": "ops"} if self.terms else {}
        with self.engine.connect() as connection:
            return set(MigrationContext.configure(connection, opts=opts).get_current_heads())

    def in_database(self) -> set[str]:
        """Every revision that Alembic takes for run: its heads, and all below them."""
        scripts = ScriptDirectory.from_config(self.config)
        heads = tuple(self.current())
        return {script.revision for script in scripts.iterate_revisions(heads, "base", implicit_base=True)}

    def states(self) -> dict[str, str]:
        return dict(self.database.execute("SELECT id, state FROM zdmigrate.change"))

    def columns(self, table: str) -> list[str]:
        query = (
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum"
        )
        return [name for (name,) in self.database.execute(query, table)]


def _indented(lines: tuple[str, ...]) -> str:
    return "\n".join(f"    {line}" for line in lines)
