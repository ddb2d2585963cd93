"""A release in a git repository of its own."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.cli_lint.project import commit, git
from zdmigrate.config import Config, Lint
from zdmigrate.usage.app import Usage
from zdmigrate.usage.release import named

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def released(queries: str) -> Iterator[Usage | None]:
    """A release v1 whose code is one file of SQL; none where it has no text."""
    if not queries:
        yield None
        return
    with TemporaryDirectory() as folder:
        (Path(folder) / "queries.sql").write_text(queries)
        commit(Path(folder))
        git(Path(folder), "tag", "v1")
        config = Config(lint=Lint(usage=("*.sql",)), path=f"{folder}/zdmigrate.toml")
        yield Usage(config, named(folder, "v1"))
