"""Mends one file with the shipped rules, with another before it as its history."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from zdmigrate.config import Config, Lint
from zdmigrate.lint.engine import Linter, lint_changes
from zdmigrate.lint.mending import Mender
from zdmigrate.lint.rules import load_rules
from zdmigrate.sources.change import read_change
from zdmigrate.sources.history import Source, read_history

if TYPE_CHECKING:
    from zdmigrate.lint.mending import Mended

RULES = load_rules()


def config(postgres: int, on: str) -> Config:
    return Config(postgres=postgres, lint=Lint(severity={on: "hint"} if on else {}))


def mended(given: str, sql: str, *, postgres: int = 14, tool: str = "", name: str = "002.sql", on: str = "") -> Mended:
    """``sql`` with all its fixes; ``given`` is the file before it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name.replace('2', '1')}").write_bytes(given.encode())
        (Path(folder) / name).write_bytes(sql.encode())
        files, reported = read_history((folder,), folder, Source(tool=tool))
        linter = Linter(config(postgres, on), RULES, reported=reported)
        [found] = Mender(linter, RULES).mend(files, {str(Path(folder) / name)})
        return found


def reasons(given: str, sql: str, *, tool: str = "", name: str = "002.sql") -> list[str]:
    """Why findings are left as they are."""
    return [reason for _, reason in mended(given, sql, tool=tool, name=name).left]


def rules_found(given: str, sql: str, *, postgres: int = 14, on: str = "") -> list[str]:
    changes = [read_change("001.sql", given), read_change("002.sql", sql)]
    return [one.rule for one in lint_changes(changes, config(postgres, on), RULES, reported={"002.sql"}).findings]
