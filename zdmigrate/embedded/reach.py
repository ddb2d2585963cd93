"""Binaries below a home directory that only its owner may enter, made executable for the server's account."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from zdmigrate.embedded.account import Account, run_as
from zdmigrate.embedded.locate import Binaries, cache_folder
from zdmigrate.errors import DatabaseError


def reachable(binaries: Binaries, account: Account | None, cache: Path | None = None) -> Binaries:
    """The same binaries where ``account`` can run them: themselves, or a copy in the cache.

    No folder's mode is changed on the way: opening a 0700 home for a server would open it for everybody.
    """
    if account is None or runs(binaries, account):
        return binaries
    copied = copy(binaries, cache or cache_folder())
    if not runs(copied, account):
        raise DatabaseError(
            f"The account {account.name} can run PostgreSQL neither from {binaries.root} nor from {copied.root}.",
            state="No server was started.",
            hint="Set ZDMIGRATE_CACHE to a folder that every account may enter.",
        )
    return copied


def runs(binaries: Binaries, account: Account) -> bool:
    """Tried, not reasoned: modes, access lists and mount options all have a say."""
    try:
        asked = subprocess.run(
            [binaries.program("postgres"), "--version"],
            cwd="/", env=binaries.environment(), capture_output=True, check=False, **run_as(account),
        )  # fmt: skip
    except PermissionError:
        return False
    return asked.returncode == 0


def copy(binaries: Binaries, cache: Path) -> Binaries:
    """Copy the tree and what stands beside it, at the same distance from each other: its RPATHs are relative."""
    trees = (binaries.root, *binaries.beside)
    common = Path(os.path.commonpath([tree.parent for tree in trees]))
    copied = cache / f"copy-{binaries.version}-{fingerprint(binaries)}"
    if not copied.is_dir():
        put_in_place({tree: tree.relative_to(common) for tree in trees}, copied)

    def moved(path: Path) -> Path:
        return copied / path.relative_to(common)

    return replace(
        binaries,
        root=moved(binaries.root),
        beside=tuple(map(moved, binaries.beside)),
        library_path=binaries.library_path and moved(binaries.library_path),
    )


def put_in_place(trees: dict[Path, Path], target: Path) -> None:
    """Copy beside the target and rename: a reader sees all or nothing, and whoever comes second keeps the first's."""
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(0o755)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
    try:
        for source, place in trees.items():
            shutil.copytree(source, draft / place, symlinks=True)
        let_everybody_read(draft)
        draft.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def let_everybody_read(folder: Path) -> None:
    """Whatever the umask was when the package was installed, or is now."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def fingerprint(binaries: Binaries) -> str:
    """Changes with the programs: an upgraded package of the same version is copied anew."""
    program = Path(binaries.program("postgres"))
    told = f"{program} {program.stat().st_size} {program.stat().st_mtime_ns}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
