"""What git knows of change files: which are new or changed since a commit, and which are old."""

from __future__ import annotations

import os
import subprocess
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from zdmigrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# A hook inherits these for its own repository; they would hide the one that a path lies in.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "HEAD")


class GitError(Exception):
    """git answered no; the text is its own first line."""


class Old(NamedTuple):
    """The paths that are as they were at ``base``, the branch that others build on; of several, the first's name."""

    base: str
    paths: frozenset[str]


def changed_since(ref: str, paths: Collection[str]) -> set[str]:
    """Of the paths those that are new or changed since the branch left ``ref``, whether committed or not.

    A file that was only moved has not changed. UsageError outside of git, and for a commit that is not known.
    """
    found: set[str] = set()
    for repository, inside in _by_repository(paths):
        changed = repository.changed_since(repository.commit(ref))
        found.update(path for path in inside if os.path.realpath(path) in changed)
    return found


def old_files(paths: Collection[str]) -> Old | None:
    """The paths that the main branch has as they are; None where git knows none of them, or there is no git."""
    try:
        found = [repository.old(inside) for repository, inside in _by_repository(paths)]
    except (UsageError, GitError):
        return None
    return Old(found[0].base, frozenset().union(*(old.paths for old in found))) if found else None


class _Repository:
    """One working tree; ``top`` is its folder."""

    def __init__(self, folder: str) -> None:
        self.top = _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")

    def commit(self, ref: str) -> str:
        try:
            return self._commit(ref)
        except GitError as error:
            hint = "name a branch, tag or commit; a shallow clone has few (in GitHub's checkout: fetch-depth: 0)"
            raise UsageError(f"--since {ref}: git knows no such commit ({error})", hint=hint) from None

    def _commit(self, ref: str) -> str:
        return _git(self.top, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()

    def changed_since(self, commit: str) -> set[str]:
        """The real paths of files that are not as they were where this branch and that commit parted.

        Where history is too short to know, all that differs from the commit itself: too much, and never too little.
        """
        try:
            base = _git(self.top, "merge-base", commit, "HEAD").strip()
        except GitError:
            base = commit
        words = _git(self.top, "diff", "--name-status", "--find-renames", "-z", base, "--").split("\0")
        names = [*_changed(iter(words)), *self._untracked]
        return {os.path.realpath(os.path.join(self.top, name)) for name in names}

    def old(self, paths: Collection[str]) -> Old:
        """The branch that others build on, and those of the paths that it has as they are."""
        ref = next((ref for ref in _MAIN if self._knows(ref)), "HEAD")
        changed = self.changed_since(self._commit(ref))
        name = _git(self.top, "rev-parse", "--abbrev-ref", ref).strip()  # origin/HEAD is a name for origin/main
        return Old(name, frozenset(path for path in paths if os.path.realpath(path) not in changed))

    def _knows(self, ref: str) -> bool:
        try:
            return bool(self._commit(ref))
        except GitError:
            return False

    @cached_property
    def _untracked(self) -> list[str]:
        return _git(self.top, "ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]


def _changed(words: Iterator[str]) -> Iterator[str]:
    """The new names in ``M NUL name``, ``R086 NUL old NUL new`` …; what is gone, or only moved, is left out."""
    for status in words:
        if not status:
            return
        name = next(words)
        if status[0] in "RC":
            name = next(words)
        if status != "D" and status != "R100":
            yield name


def _by_repository(paths: Collection[str]) -> Iterator[tuple[_Repository, list[str]]]:
    """The paths by the working tree that they lie in."""
    folders: dict[str, list[str]] = {}
    real = cache(os.path.realpath)  # of a folder it is the same for all its files
    for path in paths:
        file = os.path.realpath(path) if os.path.islink(path) else path
        folders.setdefault(real(os.path.dirname(file)), []).append(path)
    tops: dict[str, tuple[_Repository, list[str]]] = {}
    for folder, inside in folders.items():
        repository = _repository(folder, inside[0])
        tops.setdefault(repository.top, (repository, []))[1].extend(inside)
    yield from tops.values()


def _repository(folder: str, path: str) -> _Repository:
    try:
        return _Repository(folder)
    except GitError as error:
        raise UsageError(f"{path}: git cannot say what has changed here: {error}", hint="run it in a clone") from None


def _git(folder: str, *arguments: str) -> str:
    return os.fsdecode(ask_git(folder, *arguments, asker="--since"))


def ask_git(folder: str, *arguments: str, asker: str) -> bytes:
    """What git prints; GitError with its first line where it refuses, UsageError where there is no git.

    ``asker`` is the option that needs it.
    """
    try:
        ran = subprocess.run(
            ["git", "-C", folder, *arguments],  # noqa: S607 - the git of whoever runs this
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(f"git is not installed, and {asker} asks it", hint="install git") from None
    if ran.returncode:
        told = os.fsdecode(ran.stderr).strip().partition("\n")[0]
        raise GitError(told or f"git {arguments[0]} says no")
    return ran.stdout


def environment() -> dict[str, str]:
    """What git gets: nothing that a hook was told of its own repository, and messages in English."""
    return {name: value for name, value in os.environ.items() if name not in _OF_HOOKS} | {"LC_ALL": "C"}
