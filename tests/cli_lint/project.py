"""A project in a folder of its own: change files, configurations, and a git repository where a test asks for one."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);\n"
DROP = "ALTER TABLE users DROP COLUMN name;\n"
INDEX = "CREATE INDEX users_name_idx ON users (name);\n"


def write(folder: Path, **files: str) -> None:
    """``write(folder, _001_users=TABLE)`` writes 001_users.sql; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.removeprefix('_')}.sql").write_text(text)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout


def commit(folder: Path) -> str:
    """Commit all there is; the first commit makes the repository, on main."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "m")
    return git(folder, "rev-parse", "HEAD").strip()
