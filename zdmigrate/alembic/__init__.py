"""What an Alembic project's ``env.py`` names: the hook that writes safe revisions, and the guard of plain upgrades.

    import zdmigrate.alembic

    zdmigrate.alembic.guard()
    context.configure(..., process_revision_directives=zdmigrate.alembic.split)

Importing it lets autogenerate work on while contract revisions wait for their gate.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext


def guard(dsn: str | None = None) -> None:
    """Have ``alembic upgrade`` and ``downgrade`` run on zdmigrate's terms; above ``context.configure`` in env.py.

    ``dsn`` is libpq's name of the database, where SQLAlchemy's URL does not tell it. docs/alembic.md says what it does.
    """
    from zdmigrate.alembic.guarding import install  # who only autogenerates does without a driver

    install(dsn)


def split(context: MigrationContext, _: str | Iterable[str | None], directives: list[MigrationScript]) -> None:
    """Turn what autogenerate found into an expand revision and a contract revision: docs/alembic.md.

    It is called by Alembic. Raises alembic.util.CommandError where only a person can say what is meant.
    """
    from zdmigrate.alembic.splitting import split_directives  # who upgrades does without recipes

    split_directives(context, directives)


if find_spec("alembic") is not None:  # zdmigrate rewrites revisions without it
    from zdmigrate.alembic.pending import let_autogenerate_work_beside_contracts

    let_autogenerate_work_beside_contracts()
