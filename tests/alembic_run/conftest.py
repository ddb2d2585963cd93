"""A project with one table, whose first revision is in the database."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.alembic_run.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.database import Database

USERS = 'op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))'


@pytest.fixture(autouse=True)
def loggers_go_on() -> Iterator[None]:
    """The env.py that Alembic makes configures logging, which silences every logger that is there."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    return Project(tmp_path / "app", database).begin()


@pytest.fixture
def taken_over(project: Project) -> Project:
    """Alembic has run its first revision, and zdmigrate has taken the project over."""
    project.revision("a1", USERS, down=('op.drop_table("users")',))
    project.alembic("upgrade", "head")
    project.done("init", "--release", "1.0", "--baseline")
    return project
